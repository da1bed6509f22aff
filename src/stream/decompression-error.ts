/** Thrown when compressed data exceeds the ratio. */
export class DecompressionLimit extends Error {
  /** The ratio that was exceeded. */
  readonly ratio: number;

  constructor(ratio: number) {
    super(`The compressed log expands to more than ${ratio} times its size.`);
    this.name = "DecompressionLimit";
    this.ratio = ratio;
  }
}

/**
 * What is wrong with compressed data.
 *
 * - `damaged`: it is invalid, or its checksum is wrong.
 * - `cut-short`: its end is missing. It may still be being written.
 * - `trailer-missing`: only its checksum is missing: all data was decoded, but nothing proves that it is right.
 */
export type Damage = "damaged" | "cut-short" | "trailer-missing";

/** Thrown when compressed data is damaged or truncated. */
export class DecompressionFailed extends Error {
  readonly damage: Damage;

  constructor(damage: Damage, cause?: unknown) {
    super("The compressed log is damaged or truncated.", { cause });
    this.name = "DecompressionFailed";
    this.damage = damage;
  }
}

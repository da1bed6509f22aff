const MAGIC = 0xfd2fb528;
/** Frames of user data, which decoders skip: 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE_MAGIC = 0x184d2a50;

type Field =
  | { readonly kind: "magic" | "skip-size" | "descriptor" | "block"; readonly length: number }
  | { readonly kind: "skip" | "header" | "data" | "last-data" | "checksum"; readonly length: number };

const START: Field = { kind: "magic", length: 4 };
const BLOCK: Field = { kind: "block", length: 3 };

/**
 * Finds where the frames of zstd data end (RFC 8878, section 3.1), without decoding them.
 *
 * Node's decoder needs this: it drops what follows a frame in the same write, and does not notice a truncated last
 * frame.
 */
export class ZstdFrames {
  #field = START;
  #done = 0;
  #value = 0;
  #checksum = false;

  /** Whether the bytes so far are whole frames. */
  get whole(): boolean {
    return this.#field === START && this.#done === 0;
  }

  /** Whether at most the checksum of the last frame is missing. */
  get dataWhole(): boolean {
    return this.whole || this.#field.kind === "checksum";
  }

  /**
   * Parses `bytes` up to the end of the current frame, or to their end.
   *
   * @returns how many bytes were parsed.
   * @throws Error if no frame begins where one must.
   */
  follow(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      const taken = Math.min(this.#field.length - this.#done, bytes.length - at);
      if (this.#field.length <= 4) {
        for (let i = 0; i < taken; i += 1) this.#value += (bytes[at + i] ?? 0) * 256 ** (this.#done + i);
      }
      at += taken;
      this.#done += taken;
      // Fields may be empty, so several can end here.
      while (this.#done === this.#field.length) {
        this.#field = this.#after(this.#field.kind, this.#value);
        this.#done = 0;
        this.#value = 0;
        if (this.#field === START) return at;
      }
    }
    return at;
  }

  #after(kind: Field["kind"], value: number): Field {
    switch (kind) {
      case "magic":
        if (value === MAGIC) return { kind: "descriptor", length: 1 };
        if (value >= SKIPPABLE_MAGIC && value <= SKIPPABLE_MAGIC + 15) return { kind: "skip-size", length: 4 };
        throw new Error("Expected a zstd frame.");
      case "skip-size":
        return { kind: "skip", length: value };
      case "descriptor":
        this.#checksum = (value & 4) !== 0;
        return { kind: "header", length: headerLength(value) };
      case "block": {
        const size = (value >> 1) & 3;
        // A block of one repeated byte (type 1) contains that byte only.
        const length = size === 1 ? 1 : value >> 3;
        return { kind: (value & 1) === 1 ? "last-data" : "data", length };
      }
      case "header":
      case "data":
        return BLOCK;
      case "last-data":
        return this.#checksum ? { kind: "checksum", length: 4 } : START;
      case "skip":
      case "checksum":
        return START;
    }
  }
}

/** The length of window descriptor, dictionary id and content size, from the frame header descriptor. */
function headerLength(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (single ? 0 : 1) + dictionary + contentSize;
}

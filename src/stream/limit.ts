import { cutLength } from "./characters.ts";

/** Thrown when a log is larger than is allowed. */
export class SizeLimit extends Error {
  /** The limit in bytes. */
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The log is larger than ${maxBytes} bytes.`);
    this.name = "SizeLimit";
    this.maxBytes = maxBytes;
  }
}

/**
 * Passes at most `maxBytes` on, up to the last whole character of UTF-8.
 *
 * @throws SizeLimit after those bytes, when there are more.
 */
export async function* limitBytes(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let left = maxBytes;
  for await (const piece of source) {
    if (piece.length > left) {
      const length = cutLength(piece, left);
      if (length > 0) yield piece.subarray(0, length);
      throw new SizeLimit(maxBytes);
    }
    left -= piece.length;
    yield piece;
  }
}

import { type Proof, proofOf, WINDOW_BYTES } from "./window.ts";

/** Keeps the end of what a source has given in mind, to prove places in it which lie a little before its present end. */
export interface StoredWindow {
  /** Passes a source on. */
  through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  /** The proof of the bytes before a place that lies in one of the last two pieces. */
  proofAt(offset: number): Proof;
}

/**
 * @param start how many bytes lie before the source.
 * @param before the last of them.
 */
export function createStoredWindow(start = 0, before: Uint8Array = new Uint8Array(0)): StoredWindow {
  let pieces: readonly Uint8Array[] = [before];
  let end = start;
  return {
    async *through(source) {
      for await (const piece of source) {
        // Of earlier pieces no more is needed than a window's length.
        const kept = Buffer.concat(pieces.slice(-1).map((each) => each.subarray(-2 * WINDOW_BYTES)));
        pieces = [kept, piece];
        end += piece.length;
        yield piece;
      }
    },
    proofAt(offset) {
      const known = Buffer.concat(pieces);
      const at = known.length - (end - offset);
      return proofOf(known.subarray(Math.max(0, at - WINDOW_BYTES), at));
    },
  };
}

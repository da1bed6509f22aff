import { nextFeed } from "./line-ends.ts";

/** Leaves out the first lines of a text. */
export interface LineSkip {
  /** What of the next bytes belongs to later lines. It may be nothing. */
  rest(bytes: Uint8Array): Uint8Array;
  /** How many lines are still to be left out. */
  readonly left: number;
  /** How many bytes were left out. */
  readonly skipped: number;
}

/** Leaves out the first `lines` lines, by their line feeds. */
export function createLineSkip(lines: number): LineSkip {
  let left = lines;
  let skipped = 0;
  return {
    rest(bytes) {
      if (left === 0) return bytes;
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      let at = 0;
      while (left > 0) {
        const feed = nextFeed(buffer, at);
        if (feed === -1) {
          at = buffer.length;
          break;
        }
        at = feed + 1;
        left -= 1;
      }
      skipped += at;
      return bytes.subarray(at);
    },
    get left() {
      return left;
    },
    get skipped() {
      return skipped;
    },
  };
}

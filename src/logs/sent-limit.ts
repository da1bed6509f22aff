import { cutLength, LINE_FEED } from "../stream/characters.ts";
import { countLineFeeds } from "../stream/count.ts";
import type { LineRun } from "../stream/line-filter-types.ts";
import { fingerprintOf, TAIL_BYTES } from "../stream/tail-buffer.ts";
import type { SentPiece } from "./line-selection.ts";

/** How much is sent at most. `undefined`: without limit. */
export interface SentLimit {
  readonly lines: number | undefined;
  readonly bytes: number | undefined;
}

/** Counts what is sent, and cuts it at the limit. */
export class SentCount {
  readonly #limit: SentLimit;
  /** Lines begun. */
  lines: number;
  bytes: number;
  /** Whether the last line is unfinished. */
  inside: boolean;

  /** @param before what was sent before. */
  constructor(limit: SentLimit, before: Pick<SentCount, "lines" | "bytes" | "inside">) {
    this.#limit = limit;
    this.lines = before.lines;
    this.bytes = before.bytes;
    this.inside = before.inside;
  }

  /** Returns what of a piece is to be sent. `reached`: there is more than may be sent. */
  take(piece: SentPiece): { readonly piece: SentPiece | undefined; readonly reached: boolean } {
    const length = this.#room(piece.bytes);
    if (length === piece.bytes.length) {
      this.#add(piece.bytes, piece.lineFeeds);
      return { piece, reached: false };
    }
    if (length === 0) return { piece: undefined, reached: true };
    const bytes = piece.bytes.subarray(0, length);
    const lineFeeds = countLineFeeds(bytes);
    const ends = this.#add(bytes, lineFeeds);
    const sentFingerprint = fingerprintOf(bytes.subarray(-TAIL_BYTES));
    const cursor = { ...piece.before, sent: (piece.before.sent ?? 0) + length, sentFingerprint };
    const runs = piece.runs && takeLines(piece.runs, lineFeeds + (ends ? 0 : 1));
    return { piece: { ...piece, bytes, lineFeeds, runs, cursor }, reached: true };
  }

  #add(bytes: Uint8Array, lineFeeds: number): boolean {
    const ends = bytes[bytes.length - 1] === LINE_FEED;
    this.lines += lineFeeds + (ends ? 0 : 1) - (this.inside ? 1 : 0);
    this.inside = !ends;
    this.bytes += bytes.length;
    return ends;
  }

  #room(bytes: Uint8Array): number {
    const { lines: maxLines, bytes: maxBytes } = this.#limit;
    const length =
      maxBytes === undefined
        ? bytes.length
        : cutLength(bytes, Math.min(bytes.length, Math.max(0, maxBytes - this.bytes)));
    if (maxLines === undefined) return length;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    let left = maxLines - this.lines;
    let at = 0;
    while (at < buffer.length && (left > 0 || (this.inside && at === 0))) {
      const feed = buffer.indexOf(LINE_FEED, at);
      if (!(this.inside && at === 0)) left -= 1;
      at = feed === -1 ? buffer.length : feed + 1;
    }
    return at;
  }
}

/** Returns the first lines of the runs. */
function takeLines(runs: readonly LineRun[], lines: number): readonly LineRun[] {
  let left = lines;
  return runs.flatMap((run): LineRun[] => {
    const count = Math.min(left, run.count);
    left -= count;
    return count === 0 ? [] : [{ ...run, count }];
  });
}

import { cutLength } from "../stream/characters.ts";
import { countFeeds } from "../stream/count.ts";
import { proofOf, WINDOW_BYTES } from "../stream/window.ts";
import { takeLines } from "./line-runs.ts";
import type { SentPiece } from "./select-lines.ts";

/** How much is sent at most. `undefined`: any number. */
export interface SentLimit {
  readonly lines: number | undefined;
  readonly bytes: number | undefined;
}

const LINE_FEED = 0x0a;

/** Counts what is sent, and cuts it where a limit is reached. */
export interface SentCount {
  /** Lines begun. */
  readonly lines: number;
  readonly bytes: number;
  /** Whether the last line has not ended. */
  readonly inside: boolean;
  /** What of a piece is to be sent; `reached` where there is more than may be. */
  take(piece: SentPiece): { readonly piece: SentPiece | undefined; readonly reached: boolean };
}

/** @param before what was sent before. */
export function createSentCount(
  limit: SentLimit,
  before: { readonly lines: number; readonly bytes: number; readonly inside: boolean },
): SentCount {
  let { bytes, lines, inside } = before;
  const room = (piece: Uint8Array): number => {
    const length =
      limit.bytes === undefined
        ? piece.length
        : cutLength(piece, Math.min(piece.length, Math.max(0, limit.bytes - bytes)));
    if (limit.lines === undefined) return length;
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, length);
    let left = limit.lines - lines;
    let at = 0;
    while (at < buffer.length && (left > 0 || (inside && at === 0))) {
      const feed = buffer.indexOf(LINE_FEED, at);
      if (!(inside && at === 0)) left -= 1;
      at = feed === -1 ? buffer.length : feed + 1;
    }
    return at;
  };
  return {
    get lines() {
      return lines;
    },
    get bytes() {
      return bytes;
    },
    get inside() {
      return inside;
    },
    take(piece) {
      const length = room(piece.bytes);
      const sent = piece.bytes.subarray(0, length);
      const feeds = countFeeds(sent);
      const ends = sent.length > 0 && sent[sent.length - 1] === LINE_FEED;
      if (sent.length > 0) {
        lines += feeds + (ends ? 0 : 1) - (inside ? 1 : 0);
        inside = !ends;
      }
      bytes += sent.length;
      if (length === piece.bytes.length) return { piece, reached: false };
      const sentProof = proofOf(sent.subarray(-WINDOW_BYTES));
      const cursor = { ...piece.before, sent: (piece.before.sent ?? 0) + length, sentProof };
      const cut =
        length === 0
          ? undefined
          : { ...piece, bytes: sent, runs: piece.runs && takeLines(piece.runs, feeds + (ends ? 0 : 1)), cursor };
      return { piece: cut, reached: true };
    },
  };
}

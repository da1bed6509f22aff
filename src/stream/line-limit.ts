import { cutLength } from "./characters.ts";
import type { LineRun } from "./filtered-text.ts";

/** How much. Lines are counted by their line feeds. */
export interface Amount {
  readonly lines: number;
  readonly bytes: number;
}

/** Text, and its lines where they do not follow one another. */
export interface CountedText {
  readonly bytes: Uint8Array;
  readonly runs?: readonly LineRun[];
}

/** Cuts what is sent to as much as was asked for. */
export interface LineLimit {
  /** As much of a text as may still be sent: all of it, or up to the end of the last line or the last whole character. */
  take<T extends CountedText>(text: T): T;
  /** Nothing more may be sent, whether or not there is more. */
  readonly reached: boolean;
  /** What was sent. */
  readonly sent: Amount;
}

const LINE_FEED = 0x0a;

/**
 * Limits lines and bytes.
 *
 * @param limit how many at most. Default: any number.
 * @param before what was sent already, of a read that goes on.
 */
export function createLimit(limit: Partial<Amount>, before: Amount = { lines: 0, bytes: 0 }): LineLimit {
  const { lines: maxLines = Number.POSITIVE_INFINITY, bytes: maxBytes = Number.POSITIVE_INFINITY } = limit;
  let { lines, bytes } = before;
  let reached = lines >= maxLines || bytes >= maxBytes;

  return {
    take(text) {
      const whole = Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.length);
      const room = reached ? 0 : Math.min(whole.length, maxBytes - bytes);
      const fitting = whole.subarray(0, cutLength(whole, room));
      let end = 0;
      let feeds = 0;
      for (; feeds < maxLines - lines; feeds += 1) {
        const feed = fitting.indexOf(LINE_FEED, end);
        if (feed === -1) break;
        end = feed + 1;
      }
      if (lines + feeds < maxLines) end = fitting.length;
      lines += feeds;
      bytes += end;
      reached ||= end < whole.length || lines >= maxLines || bytes >= maxBytes;
      if (end === whole.length) return text;
      const unfinished = end > 0 && whole[end - 1] !== LINE_FEED;
      return {
        ...text,
        bytes: whole.subarray(0, end),
        ...(text.runs === undefined ? {} : { runs: firstLines(text.runs, feeds + (unfinished ? 1 : 0)) }),
      };
    },
    get reached() {
      return reached;
    },
    get sent() {
      return { lines, bytes };
    },
  };
}

function firstLines(runs: readonly LineRun[], lines: number): LineRun[] {
  let left = lines;
  return runs.flatMap((run) => {
    const count = Math.min(run.count, left);
    left -= count;
    return count === 0 ? [] : [{ ...run, count }];
  });
}

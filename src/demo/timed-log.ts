import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Body } from "./body.ts";
import { type WrittenLog, writtenTime } from "./written-log.ts";

/** Lines that are generated, one per second. */
export interface TimedLines {
  /** When the first one is written, in milliseconds since 1970. */
  readonly startedAt: number;
  /** The maximum number of lines. */
  readonly most: number;
  /** The line itself, with its line feed. */
  lineAt(index: number, time: string): string;
}

const LINE_MS = 1000;

/** The lines at a time, as a text. */
export function timedBody(lines: TimedLines, now: number): Body {
  const count = countAt(lines, now);
  let text = "";
  for (let index = 0; index < count; index += 1) text += textAt(lines, index);
  const bytes = Buffer.from(text);
  return { length: bytes.length, etag: `${lines.startedAt}-${count}`, chunks: () => [bytes] };
}

/** The same lines as the node has them. */
export function timedLog(lines: TimedLines, clock: Clock): WrittenLog {
  return {
    *lines(from) {
      const count = countAt(lines, clock.now());
      for (let index = from; index < count; index += 1) {
        yield { index, time: writtenTime(timeAt(lines, index)), bytes: Buffer.from(textAt(lines, index)) };
      }
    },
    untilMore(next, signal) {
      // Never immediately: a clock that stands still would cause a busy loop.
      const ms = Math.min(LINE_MS, Math.max(1, timeAt(lines, next + 1) - clock.now()));
      return sleep(ms, undefined, { signal }).catch(() => {});
    },
  };
}

function textAt(lines: TimedLines, index: number): string {
  return lines.lineAt(index, new Date(timeAt(lines, index)).toISOString());
}

/** When a line is written. It can be read a second later. */
function timeAt({ startedAt }: TimedLines, index: number): number {
  return startedAt + index * LINE_MS;
}

function countAt({ startedAt, most }: TimedLines, now: number): number {
  return Math.min(most, Math.max(0, Math.floor((now - startedAt) / LINE_MS)));
}

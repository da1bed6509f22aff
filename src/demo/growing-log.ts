import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Body } from "./body.ts";
import { type WrittenLog, writtenTime } from "./written-log.ts";

const LINES_AT_START = 20;
const LINE_MS = 1000;
const PAGES = ["/", "/entries", "/entries?page=2", "/search?q=otter", "/login", "/api/health"];

/**
 * The log of a job that runs now: 20 lines, and one more for each second since the start.
 *
 * @param start when the demo was started, in milliseconds since 1970.
 * @param now the time of the request.
 */
export function growingLog(start: number, now: number): Body {
  const count = countAt(start, now);
  let text = "";
  for (let index = 0; index < count; index += 1) text += lineAt(start, index);
  const bytes = Buffer.from(text);
  return { length: bytes.length, etag: `${start}-${count}`, chunks: () => [bytes] };
}

/** The same log as its node has it: each line was written at the time that it begins with. */
export function growingWrittenLog(start: number, clock: Clock): WrittenLog {
  return {
    *lines(from) {
      const count = countAt(start, clock.now());
      for (let index = from; index < count; index += 1) {
        yield { index, time: writtenTime(timeAt(start, index)), bytes: Buffer.from(lineAt(start, index)) };
      }
    },
    untilMore: (next, signal) =>
      // Never at once: a clock that stands still would be asked without a rest.
      sleep(Math.min(LINE_MS, Math.max(1, timeAt(start, next + 1) - clock.now())), undefined, { signal }).catch(
        () => {},
      ),
  };
}

function countAt(start: number, now: number): number {
  return LINES_AT_START + Math.max(0, Math.floor((now - start) / LINE_MS));
}

/** When a line was written. It can be read a second later. */
function timeAt(start: number, index: number): number {
  return start + (index - LINES_AT_START) * LINE_MS;
}

function lineAt(start: number, index: number): string {
  const time = new Date(timeAt(start, index)).toISOString();
  if (index === 0) return `${time} INFO  soak: guestbook 1.15.0, 40 visitors, until stopped\n`;
  if (index % 60 === 0) return `${time} INFO  soak: minute ${index / 60} over, 0 failed requests\n`;
  if (index % 23 === 0) return `${time} WARN  slow answer: GET /search?q=otter took ${900 + ((index * 37) % 400)} ms\n`;
  const page = PAGES[(index * 5) % PAGES.length];
  return `${time} INFO  visitor ${String((index * 7) % 40).padStart(2, "0")} GET ${page} 200 ${20 + ((index * 13) % 90)} ms\n`;
}

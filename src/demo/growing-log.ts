import type { TimedLines } from "./timed-log.ts";

const LINES_AT_START = 20;
const PAGES = ["/", "/entries", "/entries?page=2", "/search?q=otter", "/login", "/api/health"];

/**
 * The log of a running job: 20 lines, and one more for each second since the start.
 *
 * @param start when the demo was started, in milliseconds since 1970.
 */
export function growingLog(start: number): TimedLines {
  return { startedAt: start - LINES_AT_START * 1000, most: Number.POSITIVE_INFINITY, lineAt };
}

function lineAt(index: number, time: string): string {
  if (index === 0) return `${time} INFO  soak: guestbook 1.15.0, 40 visitors, until stopped\n`;
  if (index % 60 === 0) return `${time} INFO  soak: minute ${index / 60} over, 0 failed requests\n`;
  if (index % 23 === 0) return `${time} WARN  slow answer: GET /search?q=otter took ${900 + ((index * 37) % 400)} ms\n`;
  const page = PAGES[(index * 5) % PAGES.length];
  return `${time} INFO  visitor ${String((index * 7) % 40).padStart(2, "0")} GET ${page} 200 ${20 + ((index * 13) % 90)} ms\n`;
}

import type { Body } from "./body.ts";

const LINES_AT_START = 20;
const PAGES = ["/", "/entries", "/entries?page=2", "/search?q=otter", "/login", "/api/health"];

/**
 * The log of a job that runs now: 20 lines, and one more for each second since the start.
 *
 * @param start when the demo was started, in milliseconds since 1970.
 * @param now the time of the request.
 */
export function growingLog(start: number, now: number): Body {
  const count = LINES_AT_START + Math.max(0, Math.floor((now - start) / 1000));
  let text = "";
  for (let index = 0; index < count; index += 1) text += lineAt(start, index);
  const bytes = Buffer.from(text);
  return { length: bytes.length, etag: `${start}-${count}`, chunks: () => [bytes] };
}

function lineAt(start: number, index: number): string {
  const time = new Date(start + (index - LINES_AT_START) * 1000).toISOString();
  if (index === 0) return `${time} INFO  soak: guestbook 1.15.0, 40 visitors, until stopped\n`;
  if (index % 60 === 0) return `${time} INFO  soak: minute ${index / 60} over, 0 failed requests\n`;
  if (index % 23 === 0) return `${time} WARN  slow answer: GET /search?q=otter took ${900 + ((index * 37) % 400)} ms\n`;
  const page = PAGES[(index * 5) % PAGES.length];
  return `${time} INFO  visitor ${String((index * 7) % 40).padStart(2, "0")} GET ${page} 200 ${20 + ((index * 13) % 90)} ms\n`;
}

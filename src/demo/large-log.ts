import type { Body } from "./body.ts";

/** One block of the log: one second of the load test. */
const LINES_PER_SECOND = 1000;
const BYTES = 200_000_000;

const PATHS = ["/entries", "/entries/41", "/search?q=gr%C3%BC%C3%9Fe", "/api/vouchers/redeem", "/login", "/"];
const VISITORS = ["Zoë", "José", "Łukasz", "Anna", "Søren", "Mary", "Ngọc", "James", "李雷", "Olivia"];

/**
 * The text after the time in a second's lines. Every second has each of them once, in another order, so all blocks have
 * the same size.
 */
const ENDS: readonly string[] = Array.from({ length: LINES_PER_SECOND }, (_, index) => {
  const path = PATHS[(index * 11) % PATHS.length] ?? "/";
  const visitor = VISITORS[(index * 7) % VISITORS.length] ?? "Anna";
  const session = ((index * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, "0");
  return `Z INFO  vu=${String(index).padStart(4, "0")} GET ${path} 200 ${20 + ((index * 193) % 700)} ms visitor="${visitor}" session=${session}\n`;
});
const MILLISECONDS = Array.from({ length: LINES_PER_SECOND }, (_, index) => String(index).padStart(3, "0"));
const TIME_BYTES = "2026-01-01T00:00:00.000".length;
const BLOCK_BYTES = LINES_PER_SECOND * TIME_BYTES + ENDS.reduce((sum, end) => sum + Buffer.byteLength(end), 0);

/**
 * The log of a load test: about 200 MB, generated as it is pulled, one second (some 100 KB) at a time. The cause of its
 * failure is near the end.
 *
 * @param start when the demo was started, in milliseconds since 1970. The log ends a quarter of an hour earlier.
 */
export function largeLog(start: number): Body {
  const seconds = Math.floor(BYTES / BLOCK_BYTES);
  const end = Math.floor(start / 1000) - 15 * 60;
  const tail = Buffer.from(failure(end));
  return {
    length: seconds * BLOCK_BYTES + tail.length,
    etag: `large-${end}`,
    *chunks() {
      for (let index = 0; index < seconds; index += 1) yield block(end - seconds + index, index);
      yield tail;
    },
  };
}

function block(second: number, index: number): Uint8Array {
  const time = `${timeOf(second)}.`;
  let text = "";
  // 617 and 1000 are coprime, so each line occurs once.
  for (let line = 0; line < LINES_PER_SECOND; line += 1) {
    text += time + MILLISECONDS[line] + ENDS[(line * 617 + index * 389) % LINES_PER_SECOND];
  }
  return Buffer.from(text);
}

function failure(second: number): string {
  const at = (ms: number): string => `${timeOf(second)}.${String(ms).padStart(3, "0")}Z`;
  const refused = Array.from({ length: 24 }, (_, index) => {
    const vu = String(index * 41).padStart(4, "0");
    return `${at(10 + index * 3)} ERROR vu=${vu} POST /api/vouchers/redeem 503 upstream "vouchers": connection pool exhausted (64 of 64 in use)`;
  });
  return [
    `${at(2)} WARN  pool "vouchers": 64 of 64 connections in use, 212 requests wait`,
    ...refused,
    `${at(120)} ERROR giving up: more than 20 requests failed within 100 ms`,
    `${at(130)} INFO  thresholds:`,
    `${at(131)} INFO    ✓ p95 of all requests    688 ms   (limit 800 ms)`,
    `${at(132)} INFO    ✗ failed requests         24      (limit 20)`,
    `${at(133)} ERROR load test failed: threshold "failed requests" was crossed`,
    "",
  ].join("\n");
}

function timeOf(second: number): string {
  return new Date(second * 1000).toISOString().slice(0, 19);
}

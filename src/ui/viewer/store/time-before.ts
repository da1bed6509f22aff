import { lineText } from "./line-text.ts";
import { type LineTime, type TimeFormat, timeOf } from "./line-time.ts";
import type { LogStore } from "./log-store.ts";

/** How many lines back to search for the previous time. */
const LOOKED_BACK = 50;

/** The time that a line's time is relative to; `undefined` if it is not relative, or there is none. */
export function timeBefore(store: LogStore, line: number, format: TimeFormat): LineTime | undefined {
  if (format !== "delta" && format !== "rel") return undefined;
  const [from, step] = format === "delta" ? [line - 1, -1] : [0, 1];
  for (
    let each = from, looked = 0;
    each >= 0 && each < store.lines && looked < LOOKED_BACK;
    each += step, looked += 1
  ) {
    const time = timeOf(lineText(store, each, 1_000), store.latest);
    if (time !== undefined) return time;
  }
  return undefined;
}

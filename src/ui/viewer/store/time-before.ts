import { lineText } from "./line-text.ts";
import { type LineTime, type TimeFormat, timeOf } from "./line-time.ts";
import type { LogStore } from "./log-store.ts";

/** As far back as the time before is looked for. */
const LOOKED_BACK = 50;

/** What the time of a line is counted from; `undefined` where it is not counted, or from nothing. */
export function timeBefore(store: LogStore, line: number, format: TimeFormat): LineTime | undefined {
  if (format !== "delta" && format !== "rel") return undefined;
  const [from, step] = format === "delta" ? [line - 1, -1] : [0, 1];
  for (
    let each = from, looked = 0;
    each >= 0 && each < store.lines && looked < LOOKED_BACK;
    each += step, looked += 1
  ) {
    const time = timeOf(lineText(store, each, 1_000));
    if (time !== undefined) return time;
  }
  return undefined;
}

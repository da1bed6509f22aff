import { lineText } from "./line-text.ts";
import { timeOf } from "./line-time.ts";
import type { LogStore } from "./log-store.ts";

/** A target that the user has typed. */
export type Goal =
  | { readonly kind: "line"; readonly first: number; readonly last: number }
  | { readonly kind: "time"; readonly ms: number; readonly dated: boolean };

/** Parses `4182`, `L4182-4190`, `14:03`, `14:03:55.1` or a full date and time; else `undefined`. */
export function readGoal(text: string): Goal | undefined {
  const lines = /^\s*L?(\d+)(?:\s*-\s*L?(\d+))?\s*$/i.exec(text);
  if (lines !== null) {
    const one = Number(lines[1]);
    const other = Number(lines[2] ?? lines[1]);
    return { kind: "line", first: Math.min(one, other), last: Math.max(one, other) };
  }
  const clock = /^\s*(\d\d?):(\d\d)(?::(\d\d(?:[.,]\d+)?))?\s*$/.exec(text);
  if (clock !== null) {
    const seconds = Number((clock[3] ?? "0").replace(",", "."));
    return { kind: "time", ms: (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + seconds) * 1000, dated: false };
  }
  const time = timeOf(text.trim());
  return time === undefined ? undefined : { kind: "time", ms: time.ms, dated: time.dated };
}

const DAY_MS = 86_400_000;
/** How many lines around one without a time are searched for one. */
const NEAR = 200;

/**
 * The position of the first line of this time or later, in a log with ascending times.
 *
 * @returns -1 if no line has a time.
 */
export function lineAtTime(store: LogStore, goal: { readonly ms: number; readonly dated: boolean }): number {
  const timeNear = (line: number): { ms: number; line: number } | undefined => {
    for (let each = line; each < Math.min(store.lines, line + NEAR); each += 1) {
      const time = timeOf(lineText(store, each, 1_000), store.latest);
      if (time === undefined) continue;
      if (goal.dated && !time.dated) continue;
      return { ms: goal.dated || !time.dated ? time.ms : time.ms % DAY_MS, line: each };
    }
    return undefined;
  };
  let low = 0;
  let high = store.lines;
  let any = false;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = timeNear(middle);
    if (found !== undefined) any = true;
    if (found === undefined || found.ms >= goal.ms) high = middle;
    else low = found.line + 1;
  }
  return any ? Math.min(low, store.lines - 1) : -1;
}

import type { Stretch } from "./line-matches.ts";

/** Maximum milliseconds between paired lines. */
const NEAR_MS = 1_000;

/**
 * Pairs lines by the time since their log's first line: for logs that have no line in common.
 *
 * @param left the time of each line in milliseconds; NaN if it has none: it then has that of the line before.
 * @returns nothing if a side has no times at all.
 */
export function besideByTime(left: Float64Array, right: Float64Array): Stretch[] {
  const one = offsets(left);
  const other = offsets(right);
  const stretches: Stretch[] = [];
  if (one === undefined || other === undefined) return stretches;
  let at = 0;
  let beside = 0;
  while (at < one.length && beside < other.length) {
    const later = (one[at] as number) - (other[beside] as number);
    if (Math.abs(later) > NEAR_MS) {
      if (later < 0) at += 1;
      else beside += 1;
      continue;
    }
    const last = stretches.at(-1);
    if (last !== undefined && last.left + last.count === at && last.right + last.count === beside)
      stretches[stretches.length - 1] = { ...last, count: last.count + 1 };
    else stretches.push({ left: at, right: beside, count: 1 });
    at += 1;
    beside += 1;
  }
  return stretches;
}

/** Each line's time since the first; `undefined` if there are no times. */
function offsets(times: Float64Array): Float64Array | undefined {
  const start = times.find((time) => !Number.isNaN(time));
  if (start === undefined) return undefined;
  let offset = 0;
  return times.map((time) => {
    if (!Number.isNaN(time)) offset = time - start;
    return offset;
  });
}

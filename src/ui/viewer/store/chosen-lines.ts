import type { LogStore } from "./log-store.ts";
import type { SortedLines } from "./sorted-lines.ts";

/** Which lines to filter for. */
export interface Choice {
  /** Lines that match; `undefined`: any. */
  readonly matches: SortedLines | undefined;
  /** Only errors and warnings. */
  readonly grave: boolean;
  /** Lines of context before and after each. */
  readonly context: number;
}

/** The positions of the filtered lines, in order, without lines that were evicted. */
export function chosenLines(store: LogStore, { matches, grave, context }: Choice): Uint32Array {
  const { errors, warnings } = store;
  const own = grave ? union(errors, warnings, matches) : all(matches);
  if (context === 0) return own;
  const [gapFrom, gapTo] = store.gap;
  const lines: number[] = [];
  let next = 0;
  for (const line of own) {
    const to = Math.min(store.lines, line + context + 1);
    for (let each = Math.max(next, line - context); each < to; each += 1) {
      if (each < gapFrom || each >= gapTo) lines.push(each);
    }
    next = Math.max(next, to);
  }
  return Uint32Array.from(lines);
}

function all(lines: SortedLines | undefined): Uint32Array {
  const copy = new Uint32Array(lines?.count ?? 0);
  for (let index = 0; index < copy.length; index += 1) copy[index] = lines?.at(index) ?? 0;
  return copy;
}

/** Lines in either list, of those that match. */
function union(one: SortedLines, other: SortedLines, within: SortedLines | undefined): Uint32Array {
  const merged = new Uint32Array(one.count + other.count);
  let count = 0;
  let left = 0;
  let right = 0;
  while (left < one.count || right < other.count) {
    const takesLeft = right >= other.count || (left < one.count && one.at(left) < other.at(right));
    const line = takesLeft ? one.at(left++) : other.at(right++);
    if (within === undefined || within.has(line)) merged[count++] = line;
  }
  return merged.slice(0, count);
}

import { createSortedLines, type SortedLines } from "../store/sorted-lines.ts";
import type { Compared } from "./compare-task.ts";
import type { Stretch } from "./line-matches.ts";

/** Two paired lines, by position; -1 if a side has none. */
export interface Pair {
  readonly left: number;
  readonly right: number;
  readonly isEqual: boolean;
}

/** Consecutive pairs that are all equal, or all different. The side with fewer lines has them at the beginning. */
interface Run {
  /** The first pair. */
  readonly pair: number;
  readonly left: number;
  readonly right: number;
  readonly leftCount: number;
  readonly rightCount: number;
  readonly isEqual: boolean;
}

/** The pairs of two logs, without a list of them. */
export interface Pairs {
  readonly count: number;
  /** The first pair of each difference. */
  readonly differences: SortedLines;
  /** Equal pairs: from the first, up to but not including the second. */
  readonly equal: readonly (readonly [from: number, to: number])[];
  /** @param pair from 0 up to `count`. */
  at(pair: number): Pair;
  /** The pair of this line; the last pair for lines that arrived after the comparison. */
  ofLeft(line: number): number;
  ofRight(line: number): number;
}

export function createPairs({ equal, beside }: Compared, leftLines: number, rightLines: number): Pairs {
  const runs: Run[] = [];
  const differences = createSortedLines();
  const equalPairs: (readonly [number, number])[] = [];
  let left = 0;
  let right = 0;
  let count = 0;
  const add = (leftCount: number, rightCount: number, isEqual: boolean): void => {
    const own = Math.max(leftCount, rightCount);
    if (own === 0) return;
    if (isEqual) equalPairs.push([count, count + own]);
    else if (count === 0 || runs.at(-1)?.isEqual) differences.push(count);
    runs.push({ pair: count, left, right, leftCount, rightCount, isEqual });
    left += leftCount;
    right += rightCount;
    count += own;
  };
  const stretches: readonly Stretch[] = equal.length > 0 ? equal : beside;
  for (const stretch of stretches) {
    add(stretch.left - left, stretch.right - right, false);
    add(stretch.count, stretch.count, equal.length > 0);
  }
  add(leftLines - left, rightLines - right, false);

  const runBefore = (isBefore: (run: Run) => boolean): Run | undefined => {
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(runs[middle] as Run)) low = middle + 1;
      else high = middle;
    }
    return runs[low - 1];
  };
  return {
    count,
    differences,
    equal: equalPairs,
    at(pair) {
      const run = runBefore((each) => each.pair <= pair);
      if (run === undefined) return { left: -1, right: -1, isEqual: false };
      const index = pair - run.pair;
      return {
        left: index < run.leftCount ? run.left + index : -1,
        right: index < run.rightCount ? run.right + index : -1,
        isEqual: run.isEqual,
      };
    },
    ofLeft(line) {
      const run = runBefore((each) => each.left <= line);
      return run === undefined || line >= leftLines ? count - 1 : run.pair + line - run.left;
    },
    ofRight(line) {
      const run = runBefore((each) => each.right <= line);
      return run === undefined || line >= rightLines ? count - 1 : run.pair + line - run.right;
    },
  };
}

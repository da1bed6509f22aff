import type { LogStore } from "../store/log-store.ts";
import { lineHeight, type RowHeights, unevenHeights } from "../store/row-heights.ts";
import { allRows, type Rows } from "../store/rows.ts";
import type { Pairs } from "./pairs.ts";

/** Equal pairs that are hidden: from the first, up to but not including the second. */
export type EqualRange = readonly [from: number, to: number];

/** Bytes, and columns, of a line that are shown. */
export const SHOWN_OF_LINE = 4_096;
/** Fewer equal pairs than this are not hidden. */
const FEWEST_HIDDEN = 2;

/**
 * Equal pairs that are not near any difference.
 *
 * @param around how many pairs around a difference stay.
 * @param opened first pairs of ranges that the user has opened.
 */
export function farFromDifferences(pairs: Pairs, around: number, opened: ReadonlySet<number>): EqualRange[] {
  const ranges: EqualRange[] = [];
  for (const [from, to] of pairs.equal) {
    const start = from === 0 ? 0 : from + around;
    const end = to === pairs.count ? to : to - around;
    if (end - start >= FEWEST_HIDDEN && !opened.has(start)) ranges.push([start, end]);
  }
  return ranges;
}

/** All pairs, with one row instead of each hidden range. */
export function pairRows(pairs: Pairs, hidden: readonly EqualRange[]): Rows {
  const notices = hidden.map(([from, to]) => ({ line: from, kind: "EQUAL", message: String(to - from) }));
  return allRows({ lines: pairs.count, gap: [0, 0], notices, hidden });
}

/** The layout of the pairs. */
export interface PairLayout {
  readonly left: LogStore;
  readonly right: LogStore;
  /** Columns per line; infinite: lines are not wrapped. */
  readonly columns: number;
  /** Whether differing lines are stacked, and equal ones shown once. */
  readonly isStacked: boolean;
  /** The heights of pairs that have been drawn. */
  readonly measured: ReadonlyMap<number, number>;
}

/** The heights of the pairs' rows. */
export function pairHeights(pairs: Pairs, rows: Rows, layout: PairLayout): RowHeights {
  const { left, right, columns, isStacked, measured } = layout;
  return unevenHeights(rows, (at) => {
    const drawn = measured.get(at);
    if (drawn !== undefined) return drawn;
    const pair = pairs.at(at);
    const one = pair.left < 0 ? 0 : lineHeight(left, pair.left, columns, SHOWN_OF_LINE);
    const other = pair.right < 0 ? 0 : lineHeight(right, pair.right, columns, SHOWN_OF_LINE);
    if (!isStacked) return Math.max(one, other);
    return pair.isEqual ? other : one + other;
  });
}

import { LINE_WIDE } from "./block.ts";
import type { LogStore } from "./log-store.ts";
import type { Rows } from "./rows.ts";

/** The heights of rows in lines of text, and where each begins. */
export interface RowHeights {
  readonly total: number;
  of(row: number): number;
  /** Where a row begins. */
  startOf(row: number): number;
  /** The row at this line of text. */
  rowAt(start: number): number;
}

/** Each row is one line of text. */
export function evenHeights(rows: Rows): RowHeights {
  return { total: rows.count, of: () => 1, startOf: (row) => row, rowAt: (start) => Math.floor(start) };
}

/** The width of a row, and how much of a line is shown at first. */
export interface WrapOptions {
  readonly columns: number;
  /** Columns of a line that are shown at first. */
  readonly maxColumns: number;
  /** Lines of which more is shown, and how many columns. */
  readonly more: ReadonlyMap<number, number>;
  /** The heights of lines that have been drawn: only the browser knows how wide its fonts are. Default: none. */
  readonly measured?: ReadonlyMap<number, number>;
}

const NOT_MEASURED: ReadonlyMap<number, number> = new Map();

/** Rows per group of cached sums. */
const STEP = 128;

/** The height of a line when it is wrapped. */
function wrappedHeight(columns: number, wide: boolean, width: number, maxColumns: number): number {
  // A character of width 2 may not fit at the end of a row.
  const usable = wide ? Math.max(1, width - 1) : Math.max(1, width);
  // Plus one for the button that shows more.
  return columns > maxColumns ? Math.ceil(maxColumns / usable) + 1 : Math.max(1, Math.ceil(columns / usable));
}

/** The height of a line of the store when it is wrapped. */
export function lineHeight(store: LogStore, line: number, width: number, maxColumns: number): number {
  const placed = store.at(line);
  if (placed === undefined) return 1;
  const wide = ((placed.block.flags[placed.index] ?? 0) & LINE_WIDE) !== 0;
  return wrappedHeight(placed.block.columns[placed.index] ?? 0, wide, width, maxColumns);
}

/** The heights of rows with wrapped lines. */
export function wrapHeights(store: LogStore, rows: Rows, options: WrapOptions): RowHeights {
  const { columns, maxColumns, more, measured = NOT_MEASURED } = options;
  const heightOf = (line: number): number =>
    measured.get(line) ?? lineHeight(store, line, columns, more.get(line) ?? maxColumns);
  const takeAll = (take: (height: number) => void): void => {
    for (const segment of rows.segments) {
      if (segment.kind === "other") take(1);
      else if (segment.kind === "chosen") for (const line of segment.lines) take(heightOf(line));
      else {
        const to = segment.from + segment.count;
        for (const { block, first } of store.blocks(segment.from, to)) {
          const end = Math.min(block.numbers.length, to - first);
          for (let index = Math.max(0, segment.from - first); index < end; index += 1) {
            const own = block.columns[index] ?? 0;
            // Most lines fit.
            if (own < columns && measured.size === 0) take(1);
            else take(heightOf(first + index));
          }
        }
      }
    }
  };
  return unevenHeights(rows, heightOf, takeAll);
}

/**
 * Rows of any height.
 *
 * @param heightOf the height of a line's row; all other rows have height 1.
 * @param takeAll passes the heights of all rows in order, if there is a faster way than asking for each.
 */
export function unevenHeights(
  rows: Rows,
  heightOf: (line: number) => number,
  takeAll?: (take: (height: number) => void) => void,
): RowHeights {
  /** Where each group of `STEP` rows begins. */
  const starts = new Float64Array(Math.ceil(rows.count / STEP) + 1);
  let sum = 0;
  let row = 0;
  const take = (height: number): void => {
    if (row % STEP === 0) starts[row / STEP] = sum;
    sum += height;
    row += 1;
  };
  const of = (at: number): number => {
    const shown = rows.at(at);
    return shown.kind === "line" ? heightOf(shown.line) : 1;
  };
  if (takeAll !== undefined) takeAll(take);
  else for (let at = 0; at < rows.count; at += 1) take(of(at));
  starts[starts.length - 1] = sum;
  const groupAt = (start: number): number => {
    let low = 0;
    let high = Math.max(0, starts.length - 2);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= start) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    total: sum,
    of,
    startOf(at) {
      let each = Math.floor(at / STEP) * STEP;
      let start = starts[Math.floor(at / STEP)] ?? sum;
      for (; each < at && each < rows.count; each += 1) start += of(each);
      return start;
    },
    rowAt(start) {
      const group = groupAt(start);
      let at = group * STEP;
      for (let from = starts[group] ?? 0; at < rows.count - 1; at += 1) {
        from += of(at);
        if (from > start) break;
      }
      return at;
    },
  };
}

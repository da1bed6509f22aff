import type { HiddenRange } from "./folds.ts";
import type { LogNotice } from "./log-store.ts";

/** The content of one row of the view. */
export type Row =
  | { readonly kind: "line"; readonly line: number }
  | { readonly kind: "notice"; readonly notice: LogNotice }
  /** Evicted lines, from one position to another. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number };

/** The rows of the view, without a list of them, since there may be millions. */
export interface Rows {
  readonly count: number;
  /** @param row from 0 up to `count`. */
  at(row: number): Row;
  /** The row of a line, or the one where it would be if it is not shown. */
  rowOf(line: number): number;
  /** Whether a line has a row. */
  shows(line: number): boolean;
  /** Segments of rows in order, for iterating over all of them. */
  readonly segments: readonly Segment[];
}

/** Consecutive lines, filtered lines, or one other row. */
export type Segment =
  | { readonly kind: "lines"; readonly row: number; readonly from: number; readonly count: number }
  | { readonly kind: "chosen"; readonly row: number; readonly lines: Uint32Array; readonly count: number }
  | { readonly kind: "other"; readonly row: number; readonly at: number; readonly shown: Row; readonly count: 1 };

/** What determines the rows. */
export interface RowsOptions {
  readonly lines: number;
  readonly gap: HiddenRange;
  readonly notices: readonly LogNotice[];
  /** Folded lines. */
  readonly hidden: readonly HiddenRange[];
}

/** All lines except folded ones, with notices between them. */
export function allRows({ lines, gap, notices, hidden }: RowsOptions): Rows {
  const segments: Segment[] = [];
  let row = 0;
  let line = 0;
  const take = (to: number): void => {
    if (to <= line) return;
    segments.push({ kind: "lines", row, from: line, count: to - line });
    row += to - line;
    line = to;
  };
  const put = (shown: Row): void => {
    segments.push({ kind: "other", row, at: line, shown, count: 1 });
    row += 1;
  };
  const events: { at: number; order: number; apply: () => void }[] = hidden.map(([from, to]) => ({
    at: from,
    order: 1,
    apply: () => {
      take(from);
      line = Math.max(line, to);
    },
  }));
  for (const notice of notices) {
    events.push({
      at: notice.line,
      order: 0,
      apply: () => {
        take(notice.line);
        put({ kind: "notice", notice });
      },
    });
  }
  if (gap[1] > gap[0]) {
    events.push({
      at: gap[0],
      order: 2,
      apply: () => {
        take(gap[0]);
        put({ kind: "gap", from: gap[0], to: gap[1] });
        line = Math.max(line, gap[1]);
      },
    });
  }
  events.sort((one, other) => one.at - other.at || one.order - other.order);
  for (const { apply } of events) apply();
  take(lines);
  return rowsOf(segments, row);
}

/** Only filtered lines. */
export function chosenRows(lines: Uint32Array): Rows {
  return rowsOf(lines.length === 0 ? [] : [{ kind: "chosen", row: 0, lines, count: lines.length }], lines.length);
}

function rowsOf(segments: readonly Segment[], count: number): Rows {
  const lastBefore = (isBefore: (segment: Segment) => boolean): Segment | undefined => {
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(segments[middle] as Segment)) low = middle + 1;
      else high = middle;
    }
    return segments[low - 1];
  };
  const place = (line: number): { row: number; shown: boolean } => {
    const segment = lastBefore((each) => firstLine(each) <= line);
    if (segment === undefined) return { row: 0, shown: false };
    if (segment.kind === "other") return { row: segment.row, shown: false };
    const index = segment.kind === "lines" ? line - segment.from : indexIn(segment.lines, line);
    const shown = segment.kind === "lines" ? index < segment.count : segment.lines[index] === line;
    return { row: segment.row + Math.min(index, segment.count - 1), shown };
  };
  return {
    count,
    segments,
    at(row) {
      const segment = lastBefore((each) => each.row <= row);
      if (segment === undefined) throw new RangeError(`There is no row ${row}.`);
      if (segment.kind === "other") return segment.shown;
      const index = row - segment.row;
      return { kind: "line", line: segment.kind === "lines" ? segment.from + index : (segment.lines[index] ?? 0) };
    },
    rowOf: (line) => place(line).row,
    shows: (line) => place(line).shown,
  };
}

function firstLine(segment: Segment): number {
  if (segment.kind === "lines") return segment.from;
  return segment.kind === "chosen" ? (segment.lines[0] ?? 0) : segment.at;
}

/** The index of a line, or of the first one after it. */
function indexIn(lines: Uint32Array, line: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { HiddenRange } from "./folds.ts";
import type { LogNotice } from "./log-store.ts";

/** What one row of the view shows. */
export type Row =
  | { readonly kind: "line"; readonly line: number }
  | { readonly kind: "notice"; readonly notice: LogNotice }
  /** Lines that were let go, from one position up to another. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number };

/** The rows of the view, without a list of them: there may be millions. */
export interface Rows {
  readonly count: number;
  /** @param row from 0 up to `count`. */
  at(row: number): Row;
  /** The row of a line, or where it would stand if it is not shown. */
  rowOf(line: number): number;
  /** Whether a line has a row of its own. */
  shows(line: number): boolean;
  /** Stretches of rows in order, for what has to look at all of them. */
  readonly stretches: readonly Stretch[];
}

/** Lines that follow one another, or chosen ones, or one other row. */
export type Stretch =
  | { readonly kind: "lines"; readonly row: number; readonly from: number; readonly count: number }
  | { readonly kind: "chosen"; readonly row: number; readonly lines: Uint32Array; readonly count: number }
  | { readonly kind: "other"; readonly row: number; readonly at: number; readonly shown: Row; readonly count: 1 };

/** What decides which rows there are. */
export interface RowsOptions {
  readonly lines: number;
  readonly gap: HiddenRange;
  readonly notices: readonly LogNotice[];
  /** Folded lines. */
  readonly hidden: readonly HiddenRange[];
}

/** All lines but the folded ones, with notices between them. */
export function allRows({ lines, gap, notices, hidden }: RowsOptions): Rows {
  const stretches: Stretch[] = [];
  let row = 0;
  let line = 0;
  const take = (to: number): void => {
    if (to <= line) return;
    stretches.push({ kind: "lines", row, from: line, count: to - line });
    row += to - line;
    line = to;
  };
  const put = (shown: Row): void => {
    stretches.push({ kind: "other", row, at: line, shown, count: 1 });
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
  return rowsOf(stretches, row);
}

/** Chosen lines only. */
export function chosenRows(lines: Uint32Array): Rows {
  return rowsOf(lines.length === 0 ? [] : [{ kind: "chosen", row: 0, lines, count: lines.length }], lines.length);
}

function rowsOf(stretches: readonly Stretch[], count: number): Rows {
  const lastBefore = (isBefore: (stretch: Stretch) => boolean): Stretch | undefined => {
    let low = 0;
    let high = stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(stretches[middle] as Stretch)) low = middle + 1;
      else high = middle;
    }
    return stretches[low - 1];
  };
  const place = (line: number): { row: number; shown: boolean } => {
    const stretch = lastBefore((each) => firstLine(each) <= line);
    if (stretch === undefined) return { row: 0, shown: false };
    if (stretch.kind === "other") return { row: stretch.row, shown: false };
    const index = stretch.kind === "lines" ? line - stretch.from : indexIn(stretch.lines, line);
    const shown = stretch.kind === "lines" ? index < stretch.count : stretch.lines[index] === line;
    return { row: stretch.row + Math.min(index, stretch.count - 1), shown };
  };
  return {
    count,
    stretches,
    at(row) {
      const stretch = lastBefore((each) => each.row <= row);
      if (stretch === undefined) throw new RangeError(`There is no row ${row}.`);
      if (stretch.kind === "other") return stretch.shown;
      const index = row - stretch.row;
      return { kind: "line", line: stretch.kind === "lines" ? stretch.from + index : (stretch.lines[index] ?? 0) };
    },
    rowOf: (line) => place(line).row,
    shows: (line) => place(line).shown,
  };
}

function firstLine(stretch: Stretch): number {
  if (stretch.kind === "lines") return stretch.from;
  return stretch.kind === "chosen" ? (stretch.lines[0] ?? 0) : stretch.at;
}

/** The index of a line, or of the first one behind it. */
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

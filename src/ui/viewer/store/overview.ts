import type { SortedLines } from "./sorted-lines.ts";

/** A mark in the overview: the highest severity at its position, and matches beside it. */
export interface OverviewMark {
  /** The first line of its kind at this position. */
  readonly line: number;
  readonly kind: "error" | "warning" | "match";
}

/** Lines to show in the overview. */
export interface OverviewLines {
  readonly errors: SortedLines;
  readonly warnings: SortedLines;
  readonly matches: SortedLines;
}

/**
 * @param lines the number of lines.
 * @param slots the number of positions in the overview.
 */
export function overviewMarks(
  { errors, warnings, matches }: OverviewLines,
  lines: number,
  slots: number,
): OverviewMark[] {
  const marks: OverviewMark[] = [];
  const put = (of: SortedLines, kind: OverviewMark["kind"], unless?: SortedLines): void => {
    let slot = -1;
    // Goes from mark to mark, so that the cost depends on the slots and not on the lines.
    for (let line = of.at(0); line !== -1; line = of.next(Math.ceil(((slot + 1) * lines) / slots) - 1)) {
      slot = Math.min(slots - 1, Math.floor((line * slots) / lines));
      const end = Math.ceil(((slot + 1) * lines) / slots);
      const first = unless?.next(Math.ceil((slot * lines) / slots) - 1) ?? -1;
      if (first === -1 || first >= end) marks.push({ line, kind });
      if (slot >= slots - 1) return;
    }
  };
  if (lines === 0) return marks;
  put(warnings, "warning", errors);
  put(errors, "error");
  put(matches, "match");
  return marks;
}

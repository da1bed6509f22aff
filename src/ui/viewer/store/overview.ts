import type { SortedLines } from "./sorted-lines.ts";

/** What stands at one place of the overview; the gravest wins, and a match is beside it. */
export interface OverviewMark {
  /** The first line of its kind there. */
  readonly line: number;
  readonly kind: "error" | "warning" | "match";
}

/** Lines that are shown in the overview. */
export interface OverviewLines {
  readonly errors: SortedLines;
  readonly warnings: SortedLines;
  readonly matches: SortedLines;
}

/**
 * @param lines how many lines there are.
 * @param places how many places the overview has: pixels, or a few of them.
 */
export function overviewMarks(
  { errors, warnings, matches }: OverviewLines,
  lines: number,
  places: number,
): OverviewMark[] {
  const marks: OverviewMark[] = [];
  const put = (of: SortedLines, kind: OverviewMark["kind"], unless?: SortedLines): void => {
    let place = -1;
    // From one place that has any to the next, so that millions of lines cost no more than places.
    for (let line = of.at(0); line !== -1; line = of.next(Math.ceil(((place + 1) * lines) / places) - 1)) {
      place = Math.min(places - 1, Math.floor((line * places) / lines));
      const end = Math.ceil(((place + 1) * lines) / places);
      const first = unless?.next(Math.ceil((place * lines) / places) - 1) ?? -1;
      if (first === -1 || first >= end) marks.push({ line, kind });
      if (place >= places - 1) return;
    }
  };
  if (lines === 0) return marks;
  put(warnings, "warning", errors);
  put(errors, "error");
  put(matches, "match");
  return marks;
}

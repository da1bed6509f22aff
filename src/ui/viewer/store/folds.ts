import type { BlockMark } from "./block.ts";

/** Lines that belong together under a head. */
export interface Fold {
  /** The position of its head, which stays when it is folded. */
  readonly head: number;
  /** Behind its last line. */
  readonly end: number;
  readonly title: string;
  readonly depth: number;
  /** Whether a mark says that it has ended. */
  readonly closed: boolean;
  /** Whether whoever wrote it wants it unfolded. */
  readonly expanded: boolean;
}

/**
 * Makes groups of marks. A group that is not closed goes on up to the end of the one around it.
 *
 * @param lines how many lines there are.
 * @returns by their heads.
 */
export function foldsOf(marks: readonly BlockMark[], lines: number): Fold[] {
  const open: { head: number; title: string; next: boolean; expanded: boolean }[] = [];
  const folds: Fold[] = [];
  const close = (end: number, closed: boolean): void => {
    const group = open.pop();
    if (group === undefined || end <= group.head + 1) return;
    const { head, title, expanded } = group;
    folds.push({ head, end, title, depth: open.length, closed, expanded });
  };
  marks.forEach(({ kind, line, title, expanded }, index) => {
    if (kind === "open") {
      const newest = open.at(-1);
      if (newest !== undefined) newest.expanded = true;
    } else if (kind === "end") {
      // The line of the mark itself is the last one of the group.
      while (open.at(-1)?.next === true) close(line, true);
      close(line + 1, true);
    } else if (kind === "next") {
      // Two in a row are the head of a diff.
      const isDiff = (other: BlockMark | undefined, far: number): boolean =>
        other?.kind === "next" && other.line === line + far;
      if (expanded ? isDiff(marks[index - 1], -1) : isDiff(marks[index + 1], 1) && marks[index + 1]?.expanded === true)
        return;
      if (open.at(-1)?.next === true) close(line, true);
      open.push({ head: line, title, next: true, expanded });
    } else open.push({ head: line, title, next: false, expanded });
  });
  while (open.length > 0) close(lines, false);
  return folds.sort((one, other) => one.head - other.head);
}

/** Lines that are hidden, from one position up to another, in order and apart from one another. */
export type HiddenRange = readonly [from: number, to: number];

export function hiddenRanges(folds: readonly Fold[], isFolded: (fold: Fold) => boolean): HiddenRange[] {
  const hidden: [number, number][] = [];
  for (const fold of folds) {
    if (!isFolded(fold)) continue;
    const last = hidden.at(-1);
    if (last !== undefined && fold.head < last[1]) continue;
    hidden.push([fold.head + 1, fold.end]);
  }
  return hidden;
}

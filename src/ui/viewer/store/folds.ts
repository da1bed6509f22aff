import type { BlockMark } from "./block.ts";

/** A foldable group of lines with a head. */
export interface Fold {
  /** The position of its head, which stays visible. */
  readonly head: number;
  /** The position after its last line. */
  readonly end: number;
  readonly title: string;
  readonly depth: number;
  /** Whether a mark ends it. */
  readonly closed: boolean;
  /** Whether its mark asks for it to be unfolded. */
  readonly expanded: boolean;
  /** Whether it is a stack trace, whose head is a line of the log like any other. */
  readonly isStack: boolean;
}

/**
 * Builds groups from marks. Those of Buildkite count only in a log of Buildkite. A group that is not closed extends to
 * the end of the group around it.
 *
 * @param lines the number of lines.
 * @returns the groups, by head.
 */
export function foldsOf(marks: readonly BlockMark[], lines: number): Fold[] {
  const open: { head: number; title: string; next: boolean; expanded: boolean }[] = [];
  const folds: Fold[] = [];
  /** A trace is marked again when there is more of it. */
  const stacks = new Map<number, Fold>();
  const isBuildkite = marks.some(({ isProof }) => isProof === true);
  const close = (end: number, closed: boolean): void => {
    const group = open.pop();
    if (group === undefined || end <= group.head + 1) return;
    const { head, title, expanded } = group;
    folds.push({ head, end, title, depth: open.length, closed, expanded, isStack: false });
  };
  marks.forEach(({ kind, line, title, expanded, lines: length = 0 }, index) => {
    if (kind === "stack") {
      const end = Math.max(line + length, stacks.get(line)?.end ?? 0);
      stacks.set(line, { head: line, end, title, depth: open.length, closed: true, expanded, isStack: true });
    } else if (!isBuildkite && (kind === "next" || kind === "open")) return;
    else if (kind === "open") {
      const newest = open.at(-1);
      if (newest !== undefined) newest.expanded = true;
    } else if (kind === "end") {
      // The line of the end mark is the last one of the group.
      while (open.at(-1)?.next === true) close(line, true);
      close(line + 1, true);
    } else if (kind === "next") {
      // Two in a row are the header of a diff.
      const isDiff = (other: BlockMark | undefined, far: number): boolean =>
        other?.kind === "next" && other.line === line + far;
      if (expanded ? isDiff(marks[index - 1], -1) : isDiff(marks[index + 1], 1) && marks[index + 1]?.expanded === true)
        return;
      if (open.at(-1)?.next === true) close(line, true);
      open.push({ head: line, title, next: true, expanded });
    } else open.push({ head: line, title, next: false, expanded });
  });
  while (open.length > 0) close(lines, false);
  return [...folds, ...stacks.values()].sort((one, other) => one.head - other.head);
}

/** Hidden lines, as disjoint ranges in order. */
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

import { useCallback, useMemo, useState } from "react";
import { chosenLines } from "./store/chosen-lines.ts";
import { type Fold, foldsOf, hiddenRanges } from "./store/folds.ts";
import type { LogStore } from "./store/log-store.ts";
import { evenHeights, type RowHeights, wrapHeights } from "./store/row-heights.ts";
import { allRows, chosenRows, type Rows } from "./store/rows.ts";
import type { Search } from "./store/search.ts";
import { useMeasured } from "./use-measured.ts";
import type { ViewState } from "./view-state.ts";

/** Bytes, and columns, of a line that are shown at first. */
const FIRST_SHOWN = 4_096;

export interface RowsOfView {
  readonly rows: Rows;
  readonly heights: RowHeights;
  /** Whether a filter excludes lines. */
  readonly isFiltered: boolean;
  foldAt(line: number): Fold | undefined;
  isFolded(fold: Fold): boolean;
  toggle(fold: Fold): void;
  /** Folds all groups, or unfolds them if all are folded. */
  toggleAll(): void;
  /** Unfolds the groups that hide a line. */
  reveal(line: number): void;
  /** The groups around a line, outermost first. */
  foldsAround(line: number): readonly Fold[];
  /** Bytes of a line that are shown. */
  maxBytesOf(line: number): number;
  showMore(line: number): void;
  /** Takes over the heights of lines as they are drawn, in lines of text. */
  readonly measure: (heights: ReadonlyMap<number, number>) => void;
}

/** The rows of a view, and their heights. */
export function useRows(
  store: LogStore,
  search: Search,
  view: ViewState,
  follow: boolean,
  columns: number,
): RowsOfView {
  /** What the user has folded or unfolded, by head. */
  const [chosen, setChosen] = useState<ReadonlyMap<number, boolean>>(new Map());
  const [all, setAll] = useState<boolean>();
  const [more, setMore] = useState<ReadonlyMap<number, number>>(new Map());

  const [measure, measured] = useMeasured(columns);

  const { length: markCount } = store.marks;
  const openEnd = markCount === 0 ? 0 : store.lines;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is mutable.
  const folds = useMemo(() => foldsOf(store.marks, store.lines), [store, markCount, openEnd, store.gap[0]]);
  const byHead = useMemo(() => new Map(folds.map((fold) => [fold.head, fold])), [folds]);
  const isSearching = view.q !== "";
  const isFolded = useCallback(
    (fold: Fold): boolean => {
      const own = chosen.get(fold.head) ?? all;
      if (own !== undefined) return own;
      if (follow) return false;
      if (fold.isStack) return !isSearching;
      // In a finished log, groups without errors are folded.
      return fold.closed && !fold.expanded && store.errors.before(fold.end) === store.errors.before(fold.head);
    },
    [store, all, follow, chosen, isSearching],
  );
  const hidden = useMemo(() => hiddenRanges(folds, isFolded), [folds, isFolded]);

  const byMatch = view.only && view.q !== "";
  const isFiltered = byMatch || view.sev !== "all";
  const { matches } = search;
  const { lines, gap, notices, errors, warnings, belonging } = store;
  const chosenVersion = isFiltered
    ? `${byMatch ? matches.count : ""} ${errors.count} ${warnings.count} ${belonging.count} ${view.ctx}`
    : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is mutable.
  const rows = useMemo(
    () =>
      isFiltered
        ? chosenRows(
            chosenLines(store, {
              matches: byMatch ? matches : undefined,
              severity: view.sev,
              context: byMatch ? view.ctx : 0,
            }),
          )
        : allRows({ lines, gap, notices, hidden }),
    [
      store,
      isFiltered,
      byMatch,
      view.sev,
      matches,
      chosenVersion,
      isFiltered ? 0 : lines,
      gap[0],
      gap[1],
      notices.length,
      hidden,
    ],
  );
  const heights = useMemo(
    () =>
      view.wrap ? wrapHeights(store, rows, { columns, maxColumns: FIRST_SHOWN, more, measured }) : evenHeights(rows),
    [store, rows, view.wrap, columns, more, measured],
  );

  const foldsAround = (line: number): Fold[] => folds.filter(({ head, end }) => head <= line && line < end);
  const choose = (folds: readonly Fold[], folded: boolean): void => {
    if (folds.length > 0) setChosen(new Map([...chosen, ...folds.map(({ head }) => [head, folded] as const)]));
  };
  return {
    rows,
    heights,
    isFiltered,
    foldAt: (line) => byHead.get(line),
    isFolded,
    foldsAround,
    toggle: (fold) => choose([fold], !isFolded(fold)),
    toggleAll() {
      setAll(!folds.every(isFolded));
      setChosen(new Map());
    },
    reveal: (line) =>
      choose(
        foldsAround(line).filter((fold) => fold.head < line && isFolded(fold)),
        false,
      ),
    maxBytesOf: (line) => more.get(line) ?? FIRST_SHOWN,
    measure,
    showMore: (line) => setMore(new Map(more).set(line, (more.get(line) ?? FIRST_SHOWN) * 16)),
  };
}

import { useMemo, useRef } from "react";
import type { PaneView } from "./log-pane.tsx";
import type { LogStore } from "./store/log-store.ts";
import { overviewMarks } from "./store/overview.ts";
import type { RowHeights } from "./store/row-heights.ts";
import type { Rows } from "./store/rows.ts";
import type { SortedLines } from "./store/sorted-lines.ts";
import css from "./viewer.module.css";

interface OverviewBarProps {
  readonly store: LogStore;
  readonly matches: SortedLines;
  /** Another number where errors, warnings or matches may be others. */
  readonly revision: number;
  readonly view: PaneView;
  readonly rows: Rows;
  readonly heights: RowHeights;
  /** Goes to a share of the whole, from 0 to 1. */
  readonly onGo: (share: number) => void;
}

/** So many marks of a kind are shown at most, however many lines there are. */
const PLACES = 250;

/** Where in the whole log errors, warnings and matches are, and what is in view. For the pointer: keys have better ways. */
export function OverviewBar({ store, matches, revision, view, rows, heights, onGo }: OverviewBarProps) {
  const bar = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is one object that changes; the revision says so.
  const marks = useMemo(
    () => overviewMarks({ errors: store.errors, warnings: store.warnings, matches }, store.lines, PLACES),
    [store, matches, revision],
  );
  const go = (event: React.PointerEvent): void => {
    const box = bar.current?.getBoundingClientRect();
    if (box === undefined || event.buttons !== 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const share = (event.clientY - box.top) / box.height - view.height / Math.max(1, view.total) / 2;
    onGo(Math.max(0, Math.min(1, share)));
  };
  const share = (lines: number): string => `${(100 * lines) / Math.max(1, view.total)}%`;
  return (
    <div ref={bar} className={css.overview} aria-hidden="true" onPointerDown={go} onPointerMove={go}>
      {marks.map(({ line, kind }) => (
        <i
          key={`${kind}${line}`}
          className={css[`${kind}Mark`]}
          style={{ top: share(heights.startOf(rows.rowOf(line))) }}
        />
      ))}
      {view.total > view.height && (
        <div className={css.inView} style={{ top: share(view.top), height: share(view.height) }} />
      )}
    </div>
  );
}

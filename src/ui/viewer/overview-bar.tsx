import { memo, useRef, useSyncExternalStore } from "react";
import type { ScrollPosition } from "./scroll-position.ts";
import type { LogStore } from "./store/log-store.ts";
import { overviewMarks } from "./store/overview.ts";
import type { RowHeights } from "./store/row-heights.ts";
import type { Rows } from "./store/rows.ts";
import type { SortedLines } from "./store/sorted-lines.ts";
import css from "./viewer.module.css";

interface MarksProps {
  readonly store: LogStore;
  readonly matches: SortedLines;
  readonly rows: Rows;
  readonly heights: RowHeights;
  /** Changes whenever errors, warnings or matches may have changed. */
  readonly revision: number;
}

interface OverviewBarProps extends MarksProps {
  readonly position: ScrollPosition;
  /** Goes to a share of the whole, from 0 to 1. */
  readonly onGo: (share: number) => void;
}

/** The maximum number of marks of one kind, however many lines there are. */
const MAX_MARKS = 250;

/** Shows the positions of errors, warnings and matches in the log, and the part in view. For the pointer only. */
export function OverviewBar({ position, onGo, ...marks }: OverviewBarProps) {
  const bar = useRef<HTMLDivElement>(null);
  const go = (event: React.PointerEvent): void => {
    const box = bar.current?.getBoundingClientRect();
    if (box === undefined || event.buttons !== 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { height, total } = position.view;
    const share = (event.clientY - box.top) / box.height - height / Math.max(1, total) / 2;
    onGo(Math.max(0, Math.min(1, share)));
  };
  return (
    <div ref={bar} className={css.overview} aria-hidden="true" onPointerDown={go} onPointerMove={go}>
      <Marks {...marks} />
      <InView position={position} />
    </div>
  );
}

const Marks = memo(function Marks({ store, matches, rows, heights }: MarksProps) {
  const { errors, warnings, lines } = store;
  return overviewMarks({ errors, warnings, matches }, lines, MAX_MARKS).map(({ line, kind }) => (
    <i
      key={`${kind}${line}`}
      className={css[`${kind}Mark`]}
      style={{ top: share(heights.startOf(rows.rowOf(line)), heights.total) }}
    />
  ));
});

function InView({ position }: { readonly position: ScrollPosition }) {
  const { top, height, total } = useSyncExternalStore(position.subscribe, () => position.view);
  if (total <= height) return null;
  return <div className={css.inView} style={{ top: share(top, total), height: share(height, total) }} />;
}

function share(lines: number, total: number): string {
  return `${(100 * lines) / Math.max(1, total)}%`;
}

import {
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
  useState,
} from "react";
import type { RowHeights } from "./store/row-heights.ts";
import type { Rows } from "./store/rows.ts";
import { createScroller, SPACER_PX } from "./store/scroller.ts";
import css from "./viewer.module.css";

/** Height of a line of text in pixels. */
const ROW_PX = 20;
/** Rows rendered above and below the view, so that small steps show no blank. */
const OVERSCAN = 6;
/** Logs of up to this many rows are rendered whole, for the browser's own find and print. */
const MAX_WHOLE_ROWS = 1_000;
/** The same while the browser finds or prints: with this many rows, scrolling is several times slower. */
const MAX_BROWSER_ROWS = 5_000;
/** Milliseconds after which scrolling counts as ended in browsers without `scrollend`. */
const SETTLED_MS = 150;

/** The visible part of the log, in lines of text. */
export interface PaneView {
  readonly top: number;
  readonly height: number;
  readonly total: number;
}

export interface PaneHandle {
  /** Scrolls a row into view: to the `center` or `start`, or with `nearest` no further than necessary. */
  show(row: number, where: "center" | "start" | "nearest", column?: number): void;
  /** Scrolls to a share of the whole, from 0 to 1. */
  goToShare(share: number): void;
  /** Scrolls by this many views. */
  page(views: number): void;
  readonly view: PaneView;
  focus(): void;
}

interface LogPaneProps {
  readonly ref: Ref<PaneHandle>;
  readonly rows: Rows;
  readonly heights: RowHeights;
  /** Whether to keep the end in view. */
  readonly sticks: boolean;
  /** Columns of the widest line. */
  readonly columns: number;
  readonly wrap: boolean;
  /** Whether rows have two halves, which are scrolled sideways together by `--shift`. Default: no. */
  readonly isSplit?: boolean;
  /** Whether the browser's own find or print may be active. */
  readonly isSearchedByBrowser?: boolean;
  readonly label: string;
  /** The line that keeps its position when rows above it change; `undefined`: the first one in view. */
  readonly anchor: number | undefined;
  readonly renderRow: (row: number) => ReactNode;
  /** Shown after the last row. */
  readonly end: ReactNode;
  /** Called when the user scrolls. */
  readonly onScrolled: (up: boolean, atEnd: boolean) => void;
  readonly onView: (view: PaneView) => void;
  readonly onAct: (act: string, line: number, shift: boolean) => void;
  readonly onCopy: (event: React.ClipboardEvent) => void;
  /** Called with the number of columns that fit beside the gutter, and in all. */
  readonly onColumns: (columns: number, all: number) => void;
  /** Called with the heights of lines in view, in lines of text, that are not as `heights` says. Only with `wrap`. */
  readonly onMeasured: (heights: ReadonlyMap<number, number>) => void;
}

/** The scrolling pane, which renders only the rows in view. */
export function LogPane(props: LogPaneProps) {
  const { ref, rows, heights, sticks, columns, wrap, label, anchor, renderRow, end } = props;
  const box = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const [scroller] = useState(createScroller);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [height, setHeight] = useState(0);
  const shown = useRef({ rows, heights });
  const charWidth = useRef(8);
  const { onColumns, onScrolled, onView } = props;

  // Plus the end row.
  const total = (heights.total + 1) * ROW_PX;
  const isWhole = rows.count <= (props.isSearchedByBrowser ? MAX_BROWSER_ROWS : MAX_WHOLE_ROWS) && !sticks;

  const write = (position: number | undefined): void => {
    if (position !== undefined && box.current !== null) box.current.scrollTop = position;
  };
  const goTo = (top: number): void => {
    write(scroller.goTo(top));
    redraw();
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `write` needs nothing but the box.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      // A box that is not displayed has no size.
      if (element.clientWidth === 0) return;
      setHeight(element.clientHeight);
      charWidth.current = (probe.current?.getBoundingClientRect().width ?? 800) / 100;
      const gutter = element.querySelector(`.${css.gutter}`)?.getBoundingClientRect().width ?? 90;
      onColumns(
        Math.max(20, Math.floor((element.clientWidth - gutter - 16) / charWidth.current)),
        Math.floor(element.clientWidth / charWidth.current),
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (): void => write(scroller.settled());
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLED_MS);
    };
    const [event, listen] = "onscrollend" in element ? ["scrollend", settle] : ["scroll", later];
    element.addEventListener(event as string, listen as () => void);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
      element.removeEventListener(event as string, listen as () => void);
    };
  }, [scroller, onColumns]);

  // Keeps the anchor in place, whatever changes above it.
  useLayoutEffect(() => {
    const before = shown.current;
    shown.current = { rows, heights };
    const oldTop = scroller.top;
    let wanted: number | undefined;
    if (before.rows !== rows || before.heights !== heights) {
      const row = anchorRow(before.rows, before.heights, anchor, oldTop / ROW_PX, height / ROW_PX);
      if (row !== undefined) {
        const held = before.rows.at(row);
        if (held.kind === "line") {
          const offset = before.heights.startOf(row) * ROW_PX - oldTop;
          wanted = heights.startOf(Math.min(rows.rowOf(held.line), Math.max(0, rows.count - 1))) * ROW_PX - offset;
        }
      }
    }
    write(scroller.resize(total, height));
    if (sticks) wanted = total;
    if (wanted !== undefined && Math.abs(Math.min(wanted, scroller.maxTop) - scroller.top) > 0.5)
      write(scroller.goTo(wanted));
    if (scroller.top !== oldTop) redraw();
    onView({ top: scroller.top / ROW_PX, height: height / ROW_PX, total: heights.total });
  });

  // Rows in view are as high as they are drawn, whatever fonts and emoji do.
  useLayoutEffect(() => {
    if (!wrap || box.current === null) return;
    const top = scroller.top / ROW_PX;
    const from = heights.rowAt(top) - OVERSCAN;
    const to = heights.rowAt(top + height / ROW_PX) + OVERSCAN;
    const measured = new Map<number, number>();
    for (const element of box.current.querySelectorAll<HTMLElement>("[data-line]")) {
      const row = Number(element.ariaRowIndex) - 1;
      if (row < from || row > to || row >= rows.count) continue;
      const drawn = drawnHeight(element);
      if (Math.abs(drawn - heights.of(row)) > 0.05) measured.set(Number(element.dataset.line), drawn);
    }
    if (measured.size > 0) props.onMeasured(measured);
  });

  useImperativeHandle(ref, () => ({
    show(row, where, column) {
      const element = box.current;
      if (element === null || rows.count === 0) return;
      const top = heights.startOf(row) * ROW_PX;
      const own = heights.of(row) * ROW_PX;
      if (where === "center") goTo(top - (element.clientHeight - Math.min(own, element.clientHeight)) / 2);
      else if (where === "start") goTo(top);
      else if (top < scroller.top) goTo(top);
      else if (top + own > scroller.top + element.clientHeight) goTo(top + own - element.clientHeight);
      if (column === undefined || wrap) return;
      const left = column * charWidth.current;
      const room = (props.isSplit ? element.clientWidth / 2 : element.clientWidth) - 120;
      // Only within the own box, never the page.
      if (left < element.scrollLeft || left > element.scrollLeft + room)
        element.scrollLeft = Math.max(0, left - room / 3);
    },
    goToShare: (share) => goTo(share * Math.max(0, total - height)),
    page: (views) => goTo(scroller.top + views * height),
    get view() {
      return { top: scroller.top / ROW_PX, height: height / ROW_PX, total: heights.total };
    },
    focus: () => box.current?.focus({ preventScroll: true }),
  }));

  const scroll = (): void => {
    const element = box.current;
    if (element === null) return;
    if (props.isSplit) element.style.setProperty("--shift", `${-element.scrollLeft}px`);
    const before = scroller.top;
    const isResized = element.clientHeight !== height;
    // A browser also scrolls if its box has grown, which it reports before the new size: that is not the user.
    if (scroller.scrolled(element.scrollTop) && scroller.top !== before && !isResized) {
      onScrolled(scroller.top < before, scroller.top >= scroller.maxTop - ROW_PX);
    }
    // All rows are rendered already.
    if (isWhole) onView({ top: scroller.top / ROW_PX, height: height / ROW_PX, total: heights.total });
    else redraw();
  };

  const click = (event: React.MouseEvent): void => {
    const target = event.target as Element;
    const act = target.closest<HTMLElement>("[data-act]")?.dataset.act ?? "row";
    const line = target.closest<HTMLElement>("[data-line]")?.dataset.line;
    if (line === undefined) return;
    if (act === "number") event.preventDefault();
    props.onAct(act, Number(line), event.shiftKey);
  };

  const top = scroller.top / ROW_PX;
  const first = isWhole || rows.count === 0 ? 0 : Math.max(0, heights.rowAt(top) - OVERSCAN);
  const last = isWhole ? rows.count : Math.min(rows.count, heights.rowAt(top + height / ROW_PX) + OVERSCAN + 1);
  const drawn: ReactNode[] = [];
  for (let row = first; row < last; row += 1) drawn.push(renderRow(row));
  const offset = rows.count === 0 ? 0 : Math.round((heights.startOf(first) - top) * ROW_PX);
  return (
    <>
      <span ref={probe} className={css.probe} aria-hidden="true">
        {"0".repeat(100)}
      </span>
      <div
        ref={box}
        className={css.scroll}
        role="region"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
        tabIndex={0}
        onScroll={scroll}
        onCopy={props.onCopy}
      >
        {/* Sizes are set by script: the page's policy forbids style attributes. */}
        <div
          className={css.spacer}
          style={{
            height: isWhole ? total : Math.min(total, SPACER_PX),
            ...(wrap ? {} : { minWidth: `calc(${Math.min(columns, 5_000)}ch + 140px)` }),
          }}
        >
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: each act has its key. */}
          <div
            role="table"
            aria-label={label}
            aria-rowcount={rows.count}
            className={isWhole ? css.whole : css.pane}
            style={isWhole ? undefined : { height }}
            onClick={click}
          >
            <div role="rowgroup" style={isWhole ? undefined : { transform: `translateY(${offset}px)` }}>
              {drawn}
              {last === rows.count && end}
            </div>
          </div>
        </div>
      </div>
    </>
  );
}

/** The height of a row's text as it is drawn, in lines of text. */
function drawnHeight(row: HTMLElement): number {
  const bodies = [...row.querySelectorAll<HTMLElement>("[data-body]")].map(({ offsetHeight }) => offsetHeight);
  const pixels = row.dataset.stacked === undefined ? Math.max(...bodies) : bodies.reduce((sum, each) => sum + each, 0);
  return Math.max(1, pixels / ROW_PX);
}

/** The row to keep in place: the anchor's if it is in view, else the first in view. */
function anchorRow(
  rows: Rows,
  heights: RowHeights,
  anchor: number | undefined,
  top: number,
  height: number,
): number | undefined {
  if (rows.count === 0) return undefined;
  if (anchor !== undefined && rows.shows(anchor)) {
    const row = rows.rowOf(anchor);
    const start = heights.startOf(row);
    if (start >= top && start < top + height) return row;
  }
  return Math.min(rows.count - 1, heights.rowAt(top));
}

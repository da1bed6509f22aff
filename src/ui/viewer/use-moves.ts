import { type RefObject, useLayoutEffect, useState } from "react";
import type { PaneHandle } from "./log-pane.tsx";
import type { RowHeights } from "./store/row-heights.ts";
import type { Rows } from "./store/rows.ts";
import type { SortedLines } from "./store/sorted-lines.ts";

const COUNT = new Intl.NumberFormat("en");

/** Where in the view to scroll a line. */
export type Where = "center" | "start" | "nearest" | "end";

interface MovesOptions {
  readonly pane: RefObject<PaneHandle | null>;
  readonly rows: Rows;
  readonly heights: RowHeights;
  /** The line that keys act on; -1: none. */
  readonly current: number;
  readonly onCurrent: (line: number) => void;
  /** Called before the view moves. */
  readonly onTouch: () => void;
  /** Makes sure that a line has a row. */
  readonly reveal: (line: number) => void;
  /** The column of a line to scroll into view too. */
  readonly columnOf?: (line: number) => number | undefined;
  readonly say: (words: string) => void;
  /** The message when a step wraps around, to one of so many. */
  readonly wrapped: (at: string, count: string) => string;
}

/** Moves through a log. Lines are given by position. */
export interface Moves {
  /** Scrolls a line into view once it has a row; `end` scrolls to the end of the log. */
  show(line: number, where?: Where): void;
  /** Goes to a line and makes it the current one. */
  jumpTo(line: number, where?: Where): void;
  /**
   * Goes to the next (1) or previous (-1) of some lines.
   *
   * @param none the message if there are none.
   */
  step(lines: SortedLines, by: 1 | -1, none: string): void;
  /** Goes one line down or up. */
  move(by: 1 | -1): void;
  page(views: number): void;
  /** The line from which steps count: the current one if it is in view, else the one before the first in view. */
  lineInView(): number;
}

export function useMoves(options: MovesOptions): Moves {
  const { pane, rows, heights, current, onCurrent, onTouch, reveal, columnOf, say, wrapped } = options;
  const [target, setTarget] = useState<{ readonly line: number; readonly where: Where }>();
  useLayoutEffect(() => {
    if (target === undefined) return;
    setTarget(undefined);
    const row = rows.rowOf(target.line);
    if (target.where === "end") pane.current?.goToShare(1);
    else pane.current?.show(row, target.where, columnOf?.(target.line));
  });

  const moves: Moves = {
    show(line, where = "center") {
      if (line < 0) return;
      if (where !== "end") reveal(line);
      setTarget({ line, where });
    },
    jumpTo(line, where = "center") {
      if (line < 0) return;
      onTouch();
      onCurrent(line);
      moves.show(line, where);
    },
    step(lines, by, none) {
      if (lines.count === 0) return say(none);
      const from = moves.lineInView();
      const found = by === 1 ? lines.next(from) : lines.previous(Math.max(0, from));
      const wrapsTo = by === 1 ? 0 : lines.count - 1;
      if (found === -1) say(wrapped(COUNT.format(wrapsTo + 1), COUNT.format(lines.count)));
      moves.jumpTo(found !== -1 ? found : lines.at(wrapsTo));
    },
    move(by) {
      if (rows.count === 0) return;
      const isShown = current >= 0 && rows.shows(current);
      const top = pane.current?.view.top ?? 0;
      const from = isShown ? rows.rowOf(current) : Math.max(0, heights.rowAt(top) - by);
      for (let row = from + by; row >= 0 && row < rows.count; row += by) {
        const at = rows.at(row);
        if (at.kind === "line") return moves.jumpTo(at.line, "nearest");
      }
    },
    page(views) {
      onTouch();
      pane.current?.page(views);
    },
    lineInView() {
      const { top, height } = pane.current?.view ?? { top: 0, height: 1 };
      if (rows.count === 0) return -1;
      if (current >= 0 && rows.shows(current)) {
        const start = heights.startOf(rows.rowOf(current));
        if (start > top - 1 && start < top + height) return current;
      }
      const row = rows.at(Math.min(rows.count - 1, Math.max(0, heights.rowAt(top))));
      // One before the first line in view, so that the first is the next one.
      return (row.kind === "line" ? row.line : row.kind === "gap" ? row.to : row.notice.line) - 1;
    },
  };
  return moves;
}

import type { RefObject } from "react";
import type { PaneHandle } from "./log-pane.tsx";
import type { ReaderAct } from "./store/following.ts";
import { type Goal, lineAtTime } from "./store/go-to.ts";
import type { LineRange } from "./store/line-range.ts";
import { TIME_FORMATS } from "./store/line-time.ts";
import type { LogStore } from "./store/log-store.ts";
import type { SortedLines } from "./store/sorted-lines.ts";
import type { Marks } from "./use-marks.ts";
import type { Moves } from "./use-moves.ts";
import type { RowsOfView } from "./use-rows.ts";
import type { Selection } from "./use-selection.ts";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerAct } from "./viewer-keys.ts";
import type { ViewerText } from "./viewer-text.ts";

interface ActsOptions {
  readonly store: LogStore;
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly onLines: (lines: LineRange | undefined) => void;
  /** Whether the address names lines. */
  readonly isNamed: boolean;
  readonly follow: boolean;
  readonly text: ViewerText;
  readonly moves: Moves;
  readonly rowsOfView: RowsOfView;
  readonly selection: Selection;
  readonly marks: Marks;
  readonly matches: SortedLines;
  readonly say: (words: string) => void;
  readonly act: (did: ReaderAct) => void;
  /** The line that keys act on; -1: none. */
  readonly current: number;
  readonly setCurrent: (line: number) => void;
  /** The line that is shown in full; -1: none. */
  readonly detail: number;
  readonly setDetail: (line: number) => void;
  readonly setGoing: (isGoing: boolean) => void;
  readonly setListing: (isListing: boolean) => void;
  readonly listsKeys: boolean;
  readonly pane: RefObject<PaneHandle | null>;
  readonly findInput: RefObject<HTMLInputElement | null>;
}

/** What can be done in a viewer, by keys and by buttons. An act that answers `false` leaves its key to others. */
export type ViewerActs = Readonly<Record<ViewerAct, () => unknown>> & {
  /** Goes where somebody has typed that they want to. */
  goTo(goal: Goal | undefined): void;
};

export function viewerActs(options: ActsOptions): ViewerActs {
  const { store, view, onView, onLines, follow, text, moves, rowsOfView, selection, marks, matches } = options;
  const { current, setCurrent, detail, setDetail, setGoing, say, act, pane } = options;
  const { rows } = rowsOfView;
  const find = (): void => options.findInput.current?.select();
  const firstLine = (): number => {
    const at = rows.count > 0 ? rows.at(0) : undefined;
    return at?.kind === "line" ? at.line : 0;
  };
  const toMatch = (by: 1 | -1): void => {
    if (view.q !== "") moves.step(matches, by, text.noMatch);
  };
  return {
    nextError: () => moves.step(store.errors, 1, text.noError),
    previousError: () => moves.step(store.errors, -1, text.noError),
    nextWarning: () => moves.step(store.warnings, 1, text.noWarning),
    previousWarning: () => moves.step(store.warnings, -1, text.noWarning),
    find,
    // The browser's own find at the second press, as the field has the focus then.
    findInstead: () => (document.activeElement?.closest(`.${css.viewer}`) ? find() : false),
    nextMatch: () => toMatch(1),
    previousMatch: () => toMatch(-1),
    onlyMatches: () => onView({ ...view, only: !view.only }),
    top: () => moves.jumpTo(firstLine(), "start"),
    toEnd() {
      act({ kind: follow ? "went-to-end" : "touched" });
      setCurrent(follow ? -1 : store.lines - 1);
      moves.show(store.lines - 1, "end");
    },
    askWhere: () => setGoing(true),
    down: () => moves.move(1),
    up: () => moves.move(-1),
    halfDown: () => moves.page(0.5),
    halfUp: () => moves.page(-0.5),
    pageDown: () => moves.page(1),
    pageUp: () => moves.page(-1),
    follow: () => follow && act({ kind: "switched" }),
    wrap: () => onView({ ...view, wrap: !view.wrap }),
    time: () =>
      onView({ ...view, ts: TIME_FORMATS[(TIME_FORMATS.indexOf(view.ts) + 1) % TIME_FORMATS.length] ?? "raw" }),
    fold() {
      const fold = rowsOfView.foldsAround(moves.lineInView() + (current >= 0 ? 0 : 1)).at(-1);
      if (fold === undefined) return;
      setCurrent(fold.head);
      rowsOfView.toggle(fold);
    },
    foldAll: rowsOfView.toggleAll,
    select: () => current >= 0 && selection.select(current, current),
    extend: () => current >= 0 && selection.extendTo(current),
    copyLines: selection.copyLines,
    copyLink: selection.copyLink,
    detail: () => setDetail(detail >= 0 ? -1 : current >= 0 ? current : Math.max(0, moves.lineInView() + 1)),
    mark: () => current >= 0 && marks.toggle(current),
    nextMark: () => moves.step(marks.lines, 1, text.noMark),
    previousMark: () => moves.step(marks.lines, -1, text.noMark),
    selectAll() {
      if (!document.activeElement?.closest(`.${css.scroll}`) || store.lines === 0) return false;
      return selection.select(0, store.lines - 1);
    },
    clear() {
      if (detail >= 0) return setDetail(-1);
      if (options.isNamed) return onLines(undefined);
      if (view.q !== "" || view.only || view.sev !== "all") return onView({ ...view, q: "", only: false, sev: "all" });
      return current >= 0 ? setCurrent(-1) : false;
    },
    listKeys: () => (options.listsKeys ? options.setListing(true) : false),
    goTo(goal) {
      setGoing(false);
      pane.current?.focus();
      if (goal === undefined) return say(text.noSuchLine);
      if (goal.kind === "time") {
        const line = lineAtTime(store, goal);
        return line === -1 ? say(text.noSuchTime) : moves.jumpTo(line);
      }
      const line = store.positionOf(goal.first);
      if (line === -1) return say(text.noSuchLine);
      moves.jumpTo(line);
      selection.select(line, Math.max(line, store.positionOf(goal.last)));
    },
  };
}

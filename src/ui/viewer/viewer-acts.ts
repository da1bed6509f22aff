import type { RefObject } from "react";
import type { PaneHandle } from "./log-pane.tsx";
import type { ReaderAct } from "./store/following.ts";
import { type Goal, lineAtTime } from "./store/go-to.ts";
import { TIME_FORMATS } from "./store/line-time.ts";
import type { LogStore } from "./store/log-store.ts";
import type { SortedLines } from "./store/sorted-lines.ts";
import type { Marks } from "./use-marks.ts";
import type { Moves } from "./use-moves.ts";
import type { Panels } from "./use-panels.ts";
import type { RowsOfView } from "./use-rows.ts";
import type { Selection } from "./use-selection.ts";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerAct } from "./viewer-keys.ts";
import type { ViewerText } from "./viewer-text.ts";

/** What can be done in a viewer, by keys and by buttons. An act that returns `false` leaves its key to others. */
export type ViewerActs = Readonly<Record<ViewerAct, () => unknown>>;

/** The line that keys act on; -1: none. */
export interface CurrentLine {
  readonly current: number;
  readonly setCurrent: (line: number) => void;
}

interface ViewOptions {
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
}

interface FindOptions extends ViewOptions {
  readonly store: LogStore;
  readonly matches: SortedLines;
  readonly moves: Moves;
  readonly findInput: RefObject<HTMLInputElement | null>;
  readonly text: ViewerText;
}

/** Find: errors, warnings and matches. */
export function findActs({ store, matches, view, onView, moves, findInput, text }: FindOptions) {
  const find = (): void => findInput.current?.select();
  const toMatch = (by: 1 | -1): void => {
    if (view.q !== "") moves.step(matches, by, text.noMatch);
  };
  return {
    nextError: () => moves.step(store.errors, 1, text.noError),
    previousError: () => moves.step(store.errors, -1, text.noError),
    nextWarning: () => moves.step(store.warnings, 1, text.noWarning),
    previousWarning: () => moves.step(store.warnings, -1, text.noWarning),
    find,
    // The second press opens the browser's own find, since the field has the focus then.
    findInstead: () => (document.activeElement?.closest(`.${css.viewer}`) ? find() : false),
    nextMatch: () => toMatch(1),
    previousMatch: () => toMatch(-1),
    onlyMatches: () => onView({ ...view, only: !view.only }),
  };
}

/** Display: wrap and times. */
export function displayActs({ view, onView }: ViewOptions) {
  return {
    wrap: () => onView({ ...view, wrap: !view.wrap }),
    time: () =>
      onView({ ...view, ts: TIME_FORMATS[(TIME_FORMATS.indexOf(view.ts) + 1) % TIME_FORMATS.length] ?? "raw" }),
  };
}

interface MoveOptions extends CurrentLine {
  readonly store: LogStore;
  readonly rowsOfView: RowsOfView;
  readonly moves: Moves;
  readonly follow: boolean;
  readonly act: (did: ReaderAct) => void;
}

/** Move: lines, pages, both ends, and folds. */
export function moveActs({ store, rowsOfView, moves, follow, act, current, setCurrent }: MoveOptions) {
  const firstLine = (): number => {
    const { rows } = rowsOfView;
    const at = rows.count > 0 ? rows.at(0) : undefined;
    return at?.kind === "line" ? at.line : 0;
  };
  return {
    top: () => moves.jumpTo(firstLine(), "start"),
    toEnd() {
      act({ kind: follow ? "went-to-end" : "touched" });
      setCurrent(follow ? -1 : store.lines - 1);
      moves.show(store.lines - 1, "end");
    },
    down: () => moves.move(1),
    up: () => moves.move(-1),
    halfDown: () => moves.page(0.5),
    halfUp: () => moves.page(-0.5),
    pageDown: () => moves.page(1),
    pageUp: () => moves.page(-1),
    follow: () => follow && act({ kind: "switched" }),
    fold() {
      const fold = rowsOfView.foldsAround(moves.lineInView() + (current >= 0 ? 0 : 1)).at(-1);
      if (fold === undefined) return;
      setCurrent(fold.head);
      rowsOfView.toggle(fold);
    },
    foldAll: rowsOfView.toggleAll,
  };
}

interface LineOptions {
  readonly store: LogStore;
  readonly current: number;
  readonly selection: Selection;
  readonly marks: Marks;
  readonly moves: Moves;
  readonly text: ViewerText;
}

/** Lines: select, copy and mark. */
export function lineActs({ store, current, selection, marks, moves, text }: LineOptions) {
  return {
    select: () => current >= 0 && selection.select(current, current),
    extend: () => current >= 0 && selection.extendTo(current),
    copyLines: selection.copyLines,
    copyLink: selection.copyLink,
    mark: () => current >= 0 && marks.toggle(current),
    nextMark: () => moves.step(marks.lines, 1, text.noMark),
    previousMark: () => moves.step(marks.lines, -1, text.noMark),
    selectAll() {
      if (!document.activeElement?.closest(`.${css.scroll}`) || store.lines === 0) return false;
      return selection.select(0, store.lines - 1);
    },
  };
}

interface PanelOptions extends CurrentLine, ViewOptions {
  readonly panels: Panels;
  readonly moves: Moves;
  readonly listsKeys: boolean;
  /** Clears the lines that the address names; absent if it names none. */
  readonly clearNamed: (() => void) | undefined;
}

/** Panels: open and close them; Escape clears whatever is open or set, one thing at a time. */
export function panelActs(options: PanelOptions) {
  const { panels, moves, listsKeys, clearNamed, current, setCurrent, view, onView } = options;
  const { detail, setDetail } = panels;
  return {
    askWhere: () => panels.setGoing(true),
    detail: () => setDetail(detail >= 0 ? -1 : current >= 0 ? current : Math.max(0, moves.lineInView() + 1)),
    listKeys: () => (listsKeys ? panels.setListing(true) : false),
    clear() {
      if (detail >= 0) return setDetail(-1);
      if (clearNamed !== undefined) return clearNamed();
      if (view.q !== "" || view.only || view.sev !== "all") return onView({ ...view, q: "", only: false, sev: "all" });
      return current >= 0 ? setCurrent(-1) : false;
    },
  };
}

interface GoToOptions {
  readonly store: LogStore;
  readonly moves: Moves;
  readonly selection: Selection;
  readonly panels: Panels;
  readonly pane: RefObject<PaneHandle | null>;
  readonly say: (words: string) => void;
  readonly text: ViewerText;
}

/** Goes to the line or time that the user has typed. */
export function goToAct({ store, moves, selection, panels, pane, say, text }: GoToOptions) {
  return (goal: Goal | undefined): void => {
    panels.setGoing(false);
    pane.current?.focus();
    const line =
      goal === undefined ? -1 : goal.kind === "time" ? lineAtTime(store, goal) : store.positionOf(goal.first);
    if (line === -1) say(goal?.kind === "time" ? text.noSuchTime : text.noSuchLine);
    else moves.jumpTo(line);
    if (line >= 0 && goal?.kind === "line") selection.select(line, Math.max(line, store.positionOf(goal.last)));
  };
}

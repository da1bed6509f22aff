import type { SortedLines } from "../store/sorted-lines.ts";
import type { Moves } from "../use-moves.ts";
import type { ViewState } from "../view-state.ts";
import type { ViewerText } from "../viewer-text.ts";

interface CompareActsOptions {
  readonly moves: Moves;
  /** The first pairs of the differences. */
  readonly differences: SortedLines;
  /** Pairs with an error of the log on the right. */
  readonly errors: SortedLines;
  /** And with a warning. */
  readonly warnings: SortedLines;
  /** How many pairs there are. */
  readonly count: number;
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly toTop: () => unknown;
  readonly copyLink: () => unknown;
  readonly clear: () => unknown;
  readonly listKeys: () => unknown;
  readonly say: (words: string) => void;
  readonly text: ViewerText;
}

/** What can be done where two logs are compared: what keys do in one log, but that `n` and `N` go through the differences, and `&` shows only those. */
export function compareActs(options: CompareActsOptions) {
  const { moves, differences, errors, warnings, count, view, onView, copyLink, clear, listKeys, toTop, text } = options;
  return {
    nextMatch: () => moves.step(differences, 1, text.compare.none),
    previousMatch: () => moves.step(differences, -1, text.compare.none),
    onlyMatches: () => onView({ ...view, only: !view.only }),
    nextError: () => moves.step(errors, 1, text.noError),
    previousError: () => moves.step(errors, -1, text.noError),
    nextWarning: () => moves.step(warnings, 1, text.noWarning),
    previousWarning: () => moves.step(warnings, -1, text.noWarning),
    top: toTop,
    toEnd: () => count > 0 && moves.jumpTo(count - 1, "end"),
    down: () => moves.move(1),
    up: () => moves.move(-1),
    halfDown: () => moves.page(0.5),
    halfUp: () => moves.page(-0.5),
    pageDown: () => moves.page(1),
    pageUp: () => moves.page(-1),
    ...{ copyLink, clear, listKeys },
  };
}

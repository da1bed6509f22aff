import type { SortedLines } from "../store/sorted-lines.ts";
import type { Moves } from "../use-moves.ts";
import type { ViewState } from "../view-state.ts";
import type { ViewerText } from "../viewer-text.ts";

interface CompareActsOptions {
  readonly moves: Moves;
  /** The first pair of each difference. */
  readonly differences: SortedLines;
  /** Pairs with an error in the right log. */
  readonly errors: SortedLines;
  /** Pairs with a warning in the right log. */
  readonly warnings: SortedLines;
  /** The number of pairs. */
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

/**
 * What can be done in a comparison: as in one log, but `n` and `N` go through the differences, and `&` shows only
 * those.
 */
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
    copyLink,
    clear,
    listKeys,
  };
}

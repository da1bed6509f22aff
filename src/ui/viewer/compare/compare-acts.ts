import type { RefObject } from "react";
import type { SortedLines } from "../store/sorted-lines.ts";
import type { Moves } from "../use-moves.ts";
import type { ViewState } from "../view-state.ts";
import css from "../viewer.module.css";
import { displayActs } from "../viewer-acts.ts";
import type { ViewerText } from "../viewer-text.ts";

interface CompareActsOptions {
  readonly moves: Moves;
  /** The first pair of each difference. */
  readonly differences: SortedLines;
  /** Pairs with a match. */
  readonly matches: SortedLines;
  readonly findInput: RefObject<HTMLInputElement | null>;
  /** Pairs with an error in the log that is open. */
  readonly errors: SortedLines;
  /** Pairs with a warning in the log that is open. */
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
 * What can be done in a comparison: as in one log, but `n` and `N` go through the differences if nothing is to be
 * found, and `&` shows only those.
 */
export function compareActs(options: CompareActsOptions) {
  const {
    moves,
    differences,
    matches,
    findInput,
    errors,
    warnings,
    count,
    view,
    onView,
    copyLink,
    clear,
    listKeys,
    toTop,
    text,
  } = options;
  const find = (): void => findInput.current?.select();
  const step = (by: 1 | -1): void =>
    view.q === "" ? moves.step(differences, by, text.compare.none) : moves.step(matches, by, text.noMatch);
  return {
    ...displayActs({ view, onView }),
    find,
    // The second press opens the browser's own find, since the field has the focus then.
    findInstead: () => (document.activeElement?.closest(`.${css.viewer}`) ? find() : false),
    nextMatch: () => step(1),
    previousMatch: () => step(-1),
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

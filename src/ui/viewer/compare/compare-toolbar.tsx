import type { ReactNode } from "react";
import css from "../viewer.module.css";
import type { ViewerText } from "../viewer-text.ts";
import own from "./compare.module.css";
import type { ComparisonState } from "./comparison.ts";

interface CompareToolbarProps {
  /** The page's control for choosing the target. */
  readonly chooser: ReactNode;
  readonly state: ComparisonState;
  /** The number of lines of each log. */
  readonly lines: readonly [left: number, right: number];
  /** The number of the current difference, counted from 1; 0: none. */
  readonly differenceAt: number;
  readonly isOnly: boolean;
  readonly onOnly: () => void;
  /** Goes to the next (1) or the previous (-1) difference. */
  readonly onStep: (by: 1 | -1) => void;
  readonly onCopyLink: () => void;
  readonly onClose: () => void;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The toolbar of a comparison: its target, and steps between differences. */
export function CompareToolbar(props: CompareToolbarProps) {
  const { chooser, state, isOnly, onOnly, onStep, text } = props;
  const { compare: words } = text;
  const count = state.kind === "done" ? state.pairs.differences.count : 0;
  return (
    <div className={css.toolbar} role="toolbar" aria-label={words.region}>
      {chooser}
      <output className={`${own.status} ${state.kind === "too-slow" ? own.bad : ""}`} title={words.masked}>
        {statusOf(props)}
      </output>
      <button
        type="button"
        className={css.quiet}
        title={words.previous}
        aria-label={words.previous}
        disabled={count === 0}
        onClick={() => onStep(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        className={css.quiet}
        title={words.next}
        aria-label={words.next}
        disabled={count === 0}
        onClick={() => onStep(1)}
      >
        ↓
      </button>
      <div className={own.controls}>
        <button
          type="button"
          className={`${css.quiet} ${isOnly ? css.on : ""}`}
          aria-pressed={isOnly}
          disabled={count === 0}
          onClick={onOnly}
        >
          {words.only}
        </button>
        <button type="button" className={css.quiet} onClick={props.onCopyLink}>
          {text.copyLink}
        </button>
        <button
          type="button"
          className={css.quiet}
          onClick={props.onClose}
          aria-label={words.close}
          title={words.close}
        >
          ✕
        </button>
      </div>
    </div>
  );
}

function statusOf({ state, lines, differenceAt, text }: CompareToolbarProps): string {
  const { compare: words } = text;
  switch (state.kind) {
    case "reading":
      return words.reading(COUNT.format(lines[0]), COUNT.format(lines[1]));
    case "comparing":
      return words.comparing;
    case "too-slow":
      return words.tooSlow;
    case "done": {
      const { count } = state.pairs.differences;
      if (count === 0) return words.same;
      return differenceAt === 0
        ? words.differences(COUNT.format(count))
        : words.differenceAt(COUNT.format(differenceAt), COUNT.format(count));
    }
  }
}

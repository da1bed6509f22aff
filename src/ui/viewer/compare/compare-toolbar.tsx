import { type ReactNode, useState } from "react";
import { TimeField } from "../time-field.tsx";
import { Toggle } from "../toggle.tsx";
import type { ViewState } from "../view-state.ts";
import css from "../viewer.module.css";
import type { ViewerText } from "../viewer-text.ts";
import own from "./compare.module.css";
import type { ComparisonState } from "./comparison.ts";

interface CompareToolbarProps {
  /** The page's control for choosing the target. */
  readonly chooser: ReactNode;
  /** The field for what to find. */
  readonly find: ReactNode;
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly state: ComparisonState;
  /** The number of lines of each log. */
  readonly lines: readonly [left: number, right: number];
  /** The number of the current difference, counted from 1; 0: none. */
  readonly differenceAt: number;
  /** Goes to the next (1) or the previous (-1) difference. */
  readonly onStep: (by: 1 | -1) => void;
  /** Absent if the page has a button of its own. */
  readonly onCopyLink: (() => void) | undefined;
  readonly onClose: () => void;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The toolbar of a comparison: its target, and steps between differences. */
export function CompareToolbar(props: CompareToolbarProps) {
  const { chooser, find, view, onView, state, onStep, text } = props;
  const { compare: words } = text;
  const [isOpen, setOpen] = useState(false);
  const count = state.kind === "done" ? state.pairs.differences.count : 0;
  return (
    <div className={`${css.toolbar} ${isOpen ? css.open : ""}`} role="toolbar" aria-label={words.region}>
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
      <button
        type="button"
        className={`${css.quiet} ${css.moreButton}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {text.more}
      </button>
      <div className={css.controls}>
        {find}
        <button
          type="button"
          className={`${css.quiet} ${view.only ? css.on : ""}`}
          aria-pressed={view.only}
          disabled={count === 0}
          onClick={() => onView({ ...view, only: !view.only })}
        >
          {words.only}
        </button>
        <Toggle
          name={text.wrap}
          sign={text.wrap}
          isOn={view.wrap}
          onToggle={() => onView({ ...view, wrap: !view.wrap })}
        />
        <TimeField view={view} onView={onView} text={text} />
        {props.onCopyLink && (
          <button type="button" className={css.quiet} onClick={props.onCopyLink}>
            {text.copyLink}
          </button>
        )}
      </div>
      <button
        type="button"
        className={`${css.quiet} ${own.close}`}
        onClick={props.onClose}
        aria-label={words.close}
        title={words.close}
      >
        ✕
      </button>
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

import type { Ref } from "react";
import type { SearchState } from "./store/search.ts";
import { Toggle } from "./toggle.tsx";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

/** What has been found so far. */
export interface Found {
  readonly state: SearchState;
  /** The number of matches. */
  readonly count: number;
  /** The number of the current match, counted from 1; 0: none. */
  readonly at: number;
  /** How much has been searched, in percent. */
  readonly searched: number;
}

interface FindFieldProps {
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly found: Found;
  /** Goes to the next (1) or the previous (-1) match. */
  readonly onMatch: (step: 1 | -1) => void;
  /** Called before each change of the text to find, and with `false` when the user has stopped to type it. */
  readonly onTyping: (isTyping: boolean) => void;
  readonly onLeave: () => void;
  readonly inputRef: Ref<HTMLInputElement>;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The field for what to find, with the number of matches. */
export function FindField(props: FindFieldProps) {
  const { view, onView, found, text } = props;
  const set = (change: Partial<ViewState>): void => onView({ ...view, ...change });
  const isBad = found.state.kind === "bad-pattern" || found.state.kind === "too-slow";
  return (
    <div className={css.find}>
      <kbd>/</kbd>
      <input
        ref={props.inputRef}
        type="search"
        value={view.q}
        aria-label={text.findHint}
        placeholder={text.find}
        aria-invalid={isBad}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          props.onTyping(true);
          set({ q: event.currentTarget.value });
        }}
        onBlur={() => props.onTyping(false)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            props.onTyping(false);
            props.onMatch(event.shiftKey ? -1 : 1);
          } else if (event.key === "Escape") props.onLeave();
          else return;
          event.preventDefault();
        }}
      />
      {view.q !== "" && (
        <output
          className={`${css.hits} ${isBad ? css.bad : ""}`}
          title={found.state.kind === "bad-pattern" ? found.state.message : undefined}
        >
          {hits(found, text)}
        </output>
      )}
      <Toggle name={text.regex} sign=".*" isOn={view.re} onToggle={() => set({ re: !view.re })} />
      <Toggle name={text.matchCase} sign="Aa" isOn={!view.ci} onToggle={() => set({ ci: !view.ci })} />
      <button
        type="button"
        className={css.quiet}
        title={text.previousMatch}
        aria-label={text.previousMatch}
        disabled={found.count === 0}
        onClick={() => props.onMatch(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        className={css.quiet}
        title={text.nextMatch}
        aria-label={text.nextMatch}
        disabled={found.count === 0}
        onClick={() => props.onMatch(1)}
      >
        ↓
      </button>
    </div>
  );
}

function hits({ state, count, at, searched }: Found, text: ViewerText): string {
  if (state.kind === "bad-pattern") return text.badPattern;
  if (state.kind === "too-slow") return text.tooSlow;
  if (count === 0 && state.kind === "done") return text.noMatch;
  if (count === 0 && state.kind === "running") return text.searching(searched);
  return text.matches(at === 0 ? "–" : COUNT.format(at), COUNT.format(count), state.kind === "running");
}

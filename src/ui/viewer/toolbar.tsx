import { type Ref, useState } from "react";
import { TIME_FORMATS } from "./store/line-time.ts";
import type { Search } from "./store/search.ts";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface ToolbarProps {
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly search: Search;
  /** The number of the current match, counted from 1; 0: none. */
  readonly matchAt: number;
  /** The number of errors and warnings. */
  readonly grave: number;
  /** The number of errors. */
  readonly errors: number;
  readonly following: boolean | undefined;
  readonly onFollow: () => void;
  /** Goes to the next (1) or the previous (-1) match. */
  readonly onMatch: (step: 1 | -1) => void;
  readonly onLeave: () => void;
  readonly onCopyLink: (() => void) | undefined;
  readonly downloadHref: string | undefined;
  readonly inputRef: Ref<HTMLInputElement>;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The toolbar: find, filters and display. */
export function Toolbar(props: ToolbarProps) {
  const { view, onView, search, matchAt, grave, errors, following, text } = props;
  const [isOpen, setOpen] = useState(false);
  const set = (change: Partial<ViewState>): void => onView({ ...view, ...change });
  const isBad = search.state.kind === "bad-pattern" || search.state.kind === "too-slow";
  return (
    <div className={`${css.toolbar} ${isOpen ? css.open : ""}`} role="toolbar" aria-label={text.region}>
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
          onChange={(event) => set({ q: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter") props.onMatch(event.shiftKey ? -1 : 1);
            else if (event.key === "Escape") props.onLeave();
            else return;
            event.preventDefault();
          }}
        />
        {view.q !== "" && (
          <output className={`${css.hits} ${isBad ? css.bad : ""}`} title={badReason(search)}>
            {hits(search, matchAt, text)}
          </output>
        )}
        <Toggle name={text.regex} sign=".*" isOn={view.re} onToggle={() => set({ re: !view.re })} />
        <Toggle name={text.matchCase} sign="Aa" isOn={!view.ci} onToggle={() => set({ ci: !view.ci })} />
        <button
          type="button"
          className={css.quiet}
          title={text.previousMatch}
          aria-label={text.previousMatch}
          disabled={search.matches.count === 0}
          onClick={() => props.onMatch(-1)}
        >
          ↑
        </button>
        <button
          type="button"
          className={css.quiet}
          title={text.nextMatch}
          aria-label={text.nextMatch}
          disabled={search.matches.count === 0}
          onClick={() => props.onMatch(1)}
        >
          ↓
        </button>
      </div>
      <button
        type="button"
        className={`${css.quiet} ${css.moreButton}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {text.more}
      </button>
      <div className={css.controls}>
        <Toggle
          name={text.onlyMatches}
          sign={text.onlyMatches}
          isOn={view.only}
          onToggle={() => set({ only: !view.only })}
        />
        {view.only && (
          <label className={css.field}>
            ±
            <input
              type="number"
              min={0}
              max={99}
              value={view.ctx}
              aria-label={text.context}
              onChange={(event) =>
                set({ ctx: Math.max(0, Math.min(99, Math.floor(event.currentTarget.valueAsNumber || 0))) })
              }
            />
          </label>
        )}
        <Toggle
          name={text.graveTitle}
          sign={text.grave(COUNT.format(grave))}
          isOn={view.sev === "warn"}
          onToggle={() => set({ sev: view.sev === "warn" ? "all" : "warn" })}
        />
        <Toggle
          name={text.errorsTitle}
          sign={text.errors(COUNT.format(errors))}
          isOn={view.sev === "error"}
          onToggle={() => set({ sev: view.sev === "error" ? "all" : "error" })}
        />
        <Toggle name={text.wrap} sign={text.wrap} isOn={view.wrap} onToggle={() => set({ wrap: !view.wrap })} />
        <label className={css.field}>
          {text.time}
          <select
            value={view.ts}
            onChange={(event) =>
              set({ ts: TIME_FORMATS.find((format) => format === event.currentTarget.value) ?? "raw" })
            }
          >
            {TIME_FORMATS.map((format) => (
              <option key={format} value={format}>
                {text.times[format]}
              </option>
            ))}
          </select>
        </label>
        {following !== undefined && (
          <Toggle name={text.follow} sign={text.follow} isOn={following} onToggle={props.onFollow} live />
        )}
        {props.onCopyLink && (
          <button type="button" className={css.quiet} onClick={props.onCopyLink}>
            {text.copyLink}
          </button>
        )}
        {props.downloadHref !== undefined && (
          <a className={css.quiet} href={props.downloadHref} download aria-label={text.download} title={text.download}>
            ⤓
          </a>
        )}
      </div>
    </div>
  );
}

interface ToggleProps {
  readonly name: string;
  readonly sign: string;
  readonly isOn: boolean;
  readonly onToggle: () => void;
  readonly live?: boolean;
}

function Toggle({ name, sign, isOn, onToggle, live = false }: ToggleProps) {
  return (
    <button
      type="button"
      className={`${css.quiet} ${isOn ? css.on : ""} ${live && isOn ? css.live : ""}`}
      aria-pressed={isOn}
      title={name}
      {...(sign === name ? {} : { "aria-label": /\d/.test(sign) ? `${name}: ${sign}` : name })}
      onClick={onToggle}
    >
      {sign}
    </button>
  );
}

function hits({ state, matches }: Search, at: number, text: ViewerText): string {
  if (state.kind === "bad-pattern") return text.badPattern;
  if (state.kind === "too-slow") return text.tooSlow;
  if (matches.count === 0 && state.kind === "done") return text.noMatch;
  return text.matches(at === 0 ? "–" : COUNT.format(at), COUNT.format(matches.count), state.kind === "running");
}

function badReason({ state }: Search): string | undefined {
  return state.kind === "bad-pattern" ? state.message : undefined;
}

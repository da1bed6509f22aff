import { type Ref, useState } from "react";
import { FindField, type Found } from "./find-field.tsx";
import { TimeField } from "./time-field.tsx";
import { Toggle } from "./toggle.tsx";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface ToolbarProps {
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly found: Found;
  /** The number of errors and warnings. */
  readonly grave: number;
  /** The number of errors. */
  readonly errors: number;
  readonly following: boolean | undefined;
  readonly onFollow: () => void;
  /** Goes to the next (1) or the previous (-1) match. */
  readonly onMatch: (step: 1 | -1) => void;
  /** Called before each change of the text to find, and with `false` when the user has stopped to type it. */
  readonly onTyping: (isTyping: boolean) => void;
  readonly onLeave: () => void;
  readonly onCopyLink: (() => void) | undefined;
  readonly downloadHref: string | undefined;
  readonly inputRef: Ref<HTMLInputElement>;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The toolbar: find, filters and display. */
export function Toolbar(props: ToolbarProps) {
  const { view, onView, grave, errors, following, text } = props;
  const [isOpen, setOpen] = useState(false);
  const set = (change: Partial<ViewState>): void => onView({ ...view, ...change });
  return (
    <div className={`${css.toolbar} ${isOpen ? css.open : ""}`} role="toolbar" aria-label={text.region}>
      <FindField
        view={view}
        onView={onView}
        found={props.found}
        onMatch={props.onMatch}
        onTyping={props.onTyping}
        onLeave={props.onLeave}
        inputRef={props.inputRef}
        text={text}
      />
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
        <TimeField view={view} onView={onView} text={text} />
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

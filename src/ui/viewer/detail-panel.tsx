import { explainSeverity } from "../../severity/severity.ts";
import { withoutBidi } from "./store/invisible.ts";
import { lineText } from "./store/line-text.ts";
import { timeOf } from "./store/line-time.ts";
import type { LogStore } from "./store/log-store.ts";
import { prettyJson } from "./store/pretty-json.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface DetailPanelProps {
  readonly store: LogStore;
  readonly line: number;
  readonly onClose: () => void;
  readonly text: ViewerText;
}

/** Bytes of a line that are shown. */
const MAX_BYTES = 256 * 1024;

/** A whole line: wrapped, with JSON formatted, and its earlier states if carriage returns overwrote it. */
export function DetailPanel({ store, line, onClose, text }: DetailPanelProps) {
  const placed = store.at(line);
  const content = lineText(store, line, MAX_BYTES);
  const overwritten = store.overwrittenAt(line);
  const time = timeOf(content, store.latest);
  const because = explainSeverity(content);
  return (
    <section className={css.detail} aria-label={text.detail}>
      <header>
        <b>{text.lineNumber(String(placed?.block.numbers[placed.index] ?? ""))}</b>
        {time?.dated && <span>{new Date(time.ms).toISOString()}</span>}
        {because !== null && because.severity !== "info" && because.severity !== "debug" && (
          <span>{text.because(because.because)}</span>
        )}
        <span className={css.space} />
        <button type="button" className={css.quiet} onClick={onClose}>
          {text.close} <kbd>Esc</kbd>
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
      <pre tabIndex={0}>{withoutBidi(prettyJson(content) ?? content)}</pre>
      {overwritten !== undefined && (
        <>
          <h3>
            {text.earlier} ({overwritten.count})
          </h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
          <pre tabIndex={0}>{withoutBidi(overwritten.states.join("\n"))}</pre>
        </>
      )}
    </section>
  );
}

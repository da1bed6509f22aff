import type { Selection } from "./use-selection.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface SelectionBarProps {
  readonly selection: Selection;
  /** Whether to offer a link: pages may have a button of their own. */
  readonly hasLink: boolean;
  readonly onClear: () => void;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** Buttons for the selected lines. */
export function SelectionBar({ selection, hasLink, onClear, text }: SelectionBarProps) {
  const [from, to] = selection.selected ?? [0, -1];
  const words = text.selected(COUNT.format(to - from + 1));
  return (
    <div className={css.selectionBar} role="group" aria-label={words}>
      <span>{words}</span>
      <span className={css.space} />
      <button type="button" className={css.quiet} onClick={selection.copyLines}>
        {text.copy}
      </button>
      <button type="button" className={css.quiet} onClick={selection.copyTimes}>
        {text.copyTimes}
      </button>
      <button type="button" className={css.quiet} onClick={selection.copyMarkdown}>
        {text.copyMarkdown}
      </button>
      {hasLink && (
        <button type="button" className={css.quiet} onClick={selection.copyLink}>
          {text.copyLink}
        </button>
      )}
      <button type="button" className={css.quiet} onClick={onClear} aria-label={text.clear} title={text.clear}>
        ✕
      </button>
    </div>
  );
}

import type { ReactNode } from "react";
import { drawnStyle } from "./ansi-class.ts";
import type { LineSpan } from "./store/line-spans.ts";
import type { LogStore } from "./store/log-store.ts";
import css from "./viewer.module.css";

/**
 * Renders a part of a line.
 *
 * @param markClass the class of matches in it.
 */
export function linePiece(
  { text, style, isMatch, href, name }: LineSpan,
  key: number,
  store: LogStore,
  markClass: string | undefined,
): ReactNode {
  const drawn =
    style === 0 ? undefined : drawnStyle(store.styles[style] ?? { foreground: -1, background: -1, attributes: 0 });
  let shown: ReactNode = text;
  if (name !== undefined) {
    shown = (
      <span className={css.unseen} title={name}>
        {name}
      </span>
    );
  }
  if (href !== undefined) {
    shown = (
      <a href={href} target="_blank" rel="noopener noreferrer" tabIndex={-1}>
        {shown}
      </a>
    );
  }
  if (isMatch) shown = <mark className={markClass}>{shown}</mark>;
  if (drawn === undefined) return <span key={key}>{shown}</span>;
  return (
    <span key={key} className={drawn.className} style={drawn.style}>
      {shown}
    </span>
  );
}

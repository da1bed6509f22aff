import { memo } from "react";
import { explainSeverity } from "../../severity/severity.ts";
import { linePiece } from "./line-piece.tsx";
import { sizeWords } from "./size-words.ts";
import { LEVEL_MASK, LINE_ERROR, LINE_OVERWRITTEN } from "./store/block.ts";
import type { Fold } from "./store/folds.ts";
import { lineSpans } from "./store/line-spans.ts";
import { lineBytes, styledParts, textOf } from "./store/line-text.ts";
import { formatTime, type TimeFormat, timeOf } from "./store/line-time.ts";
import type { LogStore } from "./store/log-store.ts";
import type { Search } from "./store/search.ts";
import { timeBefore } from "./store/time-before.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

export interface LogRowProps {
  readonly store: LogStore;
  readonly search: Search;
  /** The line's position. */
  readonly line: number;
  /** Counted from 1 over all rows. */
  readonly rowIndex: number;
  /** Height in lines of text. */
  readonly height: number;
  readonly wrap: boolean;
  readonly time: TimeFormat;
  /** Bytes of the line to show. */
  readonly maxBytes: number;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly isMarked: boolean;
  readonly isMatch: boolean;
  readonly isCurrentMatch: boolean;
  /** The group that starts here. */
  readonly fold: Fold | undefined;
  readonly isFolded: boolean;
  readonly text: ViewerText;
  /** The search, if the line matches. */
  readonly query: string;
  /** The number of the log's sources. */
  readonly sources: number;
  /** Changes whenever the row's content may have changed: by the search, or because the line is partial. */
  readonly revision: number;
}

/** The rest of a longer line is only in the download. */
const MAX_SHOWN_BYTES = 1024 * 1024;

/** A line that only ends a group. */
const END_MARK = /^(?:##\[endgroup\]|::endgroup::|section_end:)/;

/** One line of the log. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { store, search, line, rowIndex, height, wrap, maxBytes, isMatch, isCurrentMatch, fold, isFolded, text } =
    props;
  const placed = store.at(line);
  if (placed === undefined) return null;
  const { block, index } = placed;
  const number = block.numbers[index] ?? 0;
  const flags = block.flags[index] ?? 0;
  const level = flags & LEVEL_MASK;
  const source = block.sources[index] ?? 0;
  const size = lineBytes(block, index).length;
  const content = textOf(block, index, maxBytes);
  const time = props.time === "raw" ? undefined : timeOf(content, store.latest);
  const from = time?.end ?? 0;
  const spans = lineSpans(content, from, styledParts(block, index, content), isMatch ? search.rangesIn(content) : []);
  const names = [
    css.row,
    END_MARK.test(content) ? css.soft : "",
    level === 0 ? "" : level === LINE_ERROR ? css.error : css.warning,
    props.isSelected ? css.selected : "",
    props.isCurrent ? css.current : "",
    wrap ? css.wrapped : "",
  ];
  return (
    <div
      role="row"
      className={names.join(" ")}
      aria-rowindex={rowIndex}
      aria-selected={props.isSelected}
      data-line={line}
      data-current={props.isCurrent || undefined}
      style={height > 1 ? { minHeight: height * 20 } : undefined}
    >
      <span role="cell" className={css.gutter}>
        <a
          className={css.number}
          href={`#L${number}`}
          data-act="number"
          data-number={number}
          aria-label={text.lineNumber(String(number))}
          tabIndex={-1}
        />
        <span className={css.level}>{level > 0 && <Level level={level} content={content} text={text} />}</span>
        {props.isMarked && <span className={css.mark}>◆</span>}
        {props.sources > 1 && <SourceName store={store} source={source} />}
        {props.time !== "raw" && (
          <span className={css.time} title={content.slice(0, from).trim() || undefined}>
            {time && formatTime(time, props.time, timeBefore(store, line, props.time))}
          </span>
        )}
      </span>
      <span role="cell" className={css.body} data-body>
        {fold !== undefined && (
          <button
            type="button"
            className={css.fold}
            data-act="fold"
            aria-expanded={!isFolded}
            tabIndex={-1}
            aria-label={isFolded ? text.unfold : text.fold}
          >
            {isFolded ? "▸" : "▾"}
          </button>
        )}
        {fold !== undefined && fold.title !== "" ? (
          <b>{fold.title}</b>
        ) : (
          spans.map((span, at) => linePiece(span, at, store, isCurrentMatch ? css.now : undefined))
        )}
        {fold !== undefined && isFolded && <span className={css.count}>{foldCount(store, fold, text)}</span>}
        {(flags & LINE_OVERWRITTEN) !== 0 && <States store={store} line={line} text={text} />}
        {size > maxBytes && maxBytes < MAX_SHOWN_BYTES && (
          <button type="button" className={css.more} data-act="more" tabIndex={-1}>
            {text.showMore(sizeWords(size - maxBytes))}
          </button>
        )}
        {size > maxBytes && maxBytes >= MAX_SHOWN_BYTES && (
          <span className={css.count}>{text.tooLong(sizeWords(size - maxBytes))}</span>
        )}
      </span>
    </div>
  );
});

function Level({
  level,
  content,
  text,
}: {
  readonly level: number;
  readonly content: string;
  readonly text: ViewerText;
}) {
  const isError = level === LINE_ERROR;
  return (
    <span
      role="img"
      aria-label={isError ? text.error : text.warning}
      title={text.because(explainSeverity(content)?.because ?? "")}
    >
      {isError ? "✕" : "!"}
    </span>
  );
}

function SourceName({ store, source }: { readonly store: LogStore; readonly source: number }) {
  const { container, pod = "", attempt } = store.sources[source] ?? { container: "", attempt: 0 };
  const own = [attempt > 0 ? String(attempt) : "", pod].filter(Boolean);
  const name = [...own, container].filter(Boolean).join(" ");
  const isOnly = pod !== "" && store.sources.every((each) => each.container === container);
  return (
    <span className={`${css.source} ${css[`source${source % 8}`]}`} title={name}>
      {isOnly ? own.join(" ") : name}
    </span>
  );
}

function States({ store, line, text }: { readonly store: LogStore; readonly line: number; readonly text: ViewerText }) {
  const count = String(store.overwrittenAt(line)?.count ?? 0);
  return (
    <button type="button" className={css.more} data-act="detail" tabIndex={-1} title={text.states(count)}>
      {text.statesShort(count)}
    </button>
  );
}

function foldCount({ errors, warnings }: LogStore, { head, end }: Fold, text: ViewerText): string {
  const within = (lines: LogStore["errors"]): number => lines.before(end) - lines.before(head + 1);
  return text.folded(String(end - head - 1), within(errors), within(warnings));
}

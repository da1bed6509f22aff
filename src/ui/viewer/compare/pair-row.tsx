import { memo } from "react";
import { linePiece } from "../line-piece.tsx";
import { sizeWords } from "../size-words.ts";
import { LEVEL_MASK, LINE_ERROR } from "../store/block.ts";
import { lineSpans } from "../store/line-spans.ts";
import { lineBytes, lineText, styledParts, textOf } from "../store/line-text.ts";
import { formatTime, type TimeFormat, timeOf } from "../store/line-time.ts";
import type { LogStore } from "../store/log-store.ts";
import type { MatchRange } from "../store/query.ts";
import type { Search } from "../store/search.ts";
import { timeBefore } from "../store/time-before.ts";
import type { ViewerText } from "../viewer-text.ts";
import css from "./compare.module.css";
import type { Side } from "./compare-task.ts";
import { differingParts } from "./differing-parts.ts";
import { SHOWN_OF_LINE } from "./pair-rows.ts";
import type { Pair } from "./pairs.ts";

interface PairRowProps {
  readonly left: LogStore;
  readonly right: LogStore;
  /** The side that is open: links lead to its lines. */
  readonly main: Side;
  /** Which pair. */
  readonly at: number;
  readonly pair: Pair;
  /** Counted from 1 over all rows. */
  readonly rowIndex: number;
  /** Height in lines of text. */
  readonly height: number;
  readonly isStacked: boolean;
  readonly wrap: boolean;
  readonly time: TimeFormat;
  readonly searches: Readonly<Record<Side, Search>>;
  /** What to find, if a line matches; else empty. */
  readonly query: string;
  /** Changes whenever matches may have changed. */
  readonly revision: string;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly text: ViewerText;
}

/** A pair: one line of each log. */
export const PairRow = memo(function PairRow(props: PairRowProps) {
  const { left, right, main, at, pair, rowIndex, height, isStacked, isSelected, isCurrent, text } = props;
  const isBoth = pair.left >= 0 && pair.right >= 0;
  const [leftPart, rightPart] =
    isBoth && !pair.isEqual
      ? differingParts(lineText(left, pair.left, SHOWN_OF_LINE), lineText(right, pair.right, SHOWN_OF_LINE))
      : [];
  const both = isBoth && !isStacked ? (["≠", text.compare.differs] as const) : undefined;
  const showsLeft = !isStacked || (!pair.isEqual && pair.left >= 0);
  const showsRight = !isStacked || pair.right >= 0;
  const { wrap, time, searches, query } = props;
  const shared = { time, query, text };
  const names = [
    css.row,
    wrap ? "" : css.unwrapped,
    isStacked ? css.stacked : "",
    isSelected ? css.selected : "",
    isCurrent ? css.current : "",
  ];
  return (
    <div
      role="row"
      className={names.join(" ")}
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-line={at}
      data-current={isCurrent || undefined}
      data-differs={pair.isEqual ? undefined : true}
      data-stacked={isStacked || undefined}
      style={height > 1 ? { minHeight: height * 20 } : undefined}
    >
      {showsLeft && (
        <Half
          store={left}
          line={pair.left}
          side="left"
          isMain={main === "left"}
          sign={pair.isEqual ? undefined : (both ?? ["−", text.compare.onlyLeft])}
          part={leftPart}
          search={searches.left}
          {...shared}
        />
      )}
      {showsRight && (
        <Half
          store={right}
          line={pair.right}
          side="right"
          isMain={main === "right"}
          sign={pair.isEqual ? undefined : (both ?? ["+", text.compare.onlyRight])}
          part={rightPart}
          search={searches.right}
          {...shared}
        />
      )}
    </div>
  );
});

interface HalfProps {
  readonly store: LogStore;
  /** -1: this side has no line here. */
  readonly line: number;
  readonly side: Side;
  readonly isMain: boolean;
  /** The line's relation to the other side, and its name. */
  readonly sign: readonly [sign: string, name: string] | undefined;
  readonly part: MatchRange | undefined;
  readonly search: Search;
  readonly time: TimeFormat;
  readonly query: string;
  readonly text: ViewerText;
}

function Half(props: HalfProps) {
  const { store, line, side, isMain, sign, part, search, query, text } = props;
  if (line < 0) return <span role="cell" className={`${css.half} ${css.nothing} ${css[side]}`} />;
  const placed = store.at(line);
  if (placed === undefined) {
    return (
      <span role="cell" className={`${css.half} ${css[side]} ${css.away}`}>
        {text.compare.notKept}
      </span>
    );
  }
  const { block, index } = placed;
  const number = block.numbers[index] ?? 0;
  const level = (block.flags[index] ?? 0) & LEVEL_MASK;
  const size = lineBytes(block, index).length;
  const content = textOf(block, index, SHOWN_OF_LINE);
  const time = props.time === "raw" ? undefined : timeOf(content, store.latest);
  const from = time?.end ?? 0;
  const isMatch = query !== "" && search.matches.has(line);
  const parts = isMatch ? search.rangesIn(content) : part === undefined ? [] : [part];
  const spans = lineSpans(content, from, styledParts(block, index, content), parts);
  const name = text.lineNumber(String(number));
  const levelName = level === 0 ? "" : level === LINE_ERROR ? css.error : css.warning;
  return (
    <span role="cell" className={`${css.half} ${css[side]} ${sign === undefined ? "" : css.differs} ${levelName}`}>
      <span className={css.gutter}>
        {isMain ? (
          <a
            className={css.number}
            href={`#L${number}`}
            data-act="number"
            data-number={number}
            aria-label={name}
            tabIndex={-1}
          />
        ) : (
          <span className={css.number} data-number={number} role="img" aria-label={name} />
        )}
        <span className={css.level}>
          {level > 0 && (
            <span role="img" aria-label={level === LINE_ERROR ? text.error : text.warning}>
              {level === LINE_ERROR ? "✕" : "!"}
            </span>
          )}
        </span>
        <span className={css.sign}>
          {sign !== undefined && (
            <span role="img" aria-label={sign[1]} title={sign[1]}>
              {sign[0]}
            </span>
          )}
        </span>
        {props.time !== "raw" && (
          <span className={css.time} title={content.slice(0, from).trim() || undefined}>
            {time && formatTime(time, props.time, timeBefore(store, line, props.time))}
          </span>
        )}
      </span>
      <span className={css.body} data-body>
        {spans.map((span, key) => linePiece(span, key, store, isMatch ? css.found : css.part))}
        {size > SHOWN_OF_LINE && <span className={css.more}>{text.tooLong(sizeWords(size - SHOWN_OF_LINE))}</span>}
      </span>
    </span>
  );
}

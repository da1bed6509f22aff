import { memo } from "react";
import { linePiece } from "../line-piece.tsx";
import { sizeWords } from "../size-words.ts";
import { LEVEL_MASK, LINE_ERROR } from "../store/block.ts";
import { lineSpans } from "../store/line-spans.ts";
import { lineBytes, lineText, styledParts, textOf } from "../store/line-text.ts";
import type { LogStore } from "../store/log-store.ts";
import type { MatchRange } from "../store/query.ts";
import type { ViewerText } from "../viewer-text.ts";
import css from "./compare.module.css";
import { differingParts } from "./differing-parts.ts";
import { SHOWN_OF_LINE } from "./pair-rows.ts";
import type { Pair } from "./pairs.ts";

interface PairRowProps {
  readonly left: LogStore;
  readonly right: LogStore;
  /** Which pair. */
  readonly at: number;
  readonly pair: Pair;
  /** Counted from 1 over all rows. */
  readonly rowIndex: number;
  /** Height in lines of text. */
  readonly height: number;
  readonly isStacked: boolean;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly text: ViewerText;
}

/** A pair: one line of each log. */
export const PairRow = memo(function PairRow(props: PairRowProps) {
  const { left, right, at, pair, rowIndex, height, isStacked, isSelected, isCurrent, text } = props;
  const isBoth = pair.left >= 0 && pair.right >= 0;
  const [leftPart, rightPart] =
    isBoth && !pair.isEqual
      ? differingParts(lineText(left, pair.left, SHOWN_OF_LINE), lineText(right, pair.right, SHOWN_OF_LINE))
      : [];
  const both = isBoth && !isStacked ? (["≠", text.compare.differs] as const) : undefined;
  const showsLeft = !isStacked || (!pair.isEqual && pair.left >= 0);
  const showsRight = !isStacked || pair.right >= 0;
  const names = [css.row, isStacked ? css.stacked : "", isSelected ? css.selected : "", isCurrent ? css.current : ""];
  return (
    <div
      role="row"
      className={names.join(" ")}
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-line={at}
      data-current={isCurrent || undefined}
      data-differs={pair.isEqual ? undefined : true}
      style={height > 1 ? { height: height * 20 } : undefined}
    >
      {showsLeft && (
        <Half
          store={left}
          line={pair.left}
          side="left"
          sign={pair.isEqual ? undefined : (both ?? ["−", text.compare.onlyLeft])}
          part={leftPart}
          text={text}
        />
      )}
      {showsRight && (
        <Half
          store={right}
          line={pair.right}
          side="right"
          sign={pair.isEqual ? undefined : (both ?? ["+", text.compare.onlyRight])}
          part={rightPart}
          text={text}
        />
      )}
    </div>
  );
});

interface HalfProps {
  readonly store: LogStore;
  /** -1: this side has no line here. */
  readonly line: number;
  readonly side: "left" | "right";
  /** The line's relation to the other side, and its name. */
  readonly sign: readonly [sign: string, name: string] | undefined;
  readonly part: MatchRange | undefined;
  readonly text: ViewerText;
}

function Half({ store, line, side, sign, part, text }: HalfProps) {
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
  const spans = lineSpans(content, 0, styledParts(block, index, content), part === undefined ? [] : [part]);
  const name = text.lineNumber(String(number));
  const levelName = level === 0 ? "" : level === LINE_ERROR ? css.error : css.warning;
  return (
    <span role="cell" className={`${css.half} ${css[side]} ${sign === undefined ? "" : css.differs} ${levelName}`}>
      <span className={css.gutter}>
        {side === "right" ? (
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
      </span>
      <span className={css.body}>
        {spans.map((span, key) => linePiece(span, key, store, css.part))}
        {size > SHOWN_OF_LINE && <span className={css.more}>{text.tooLong(sizeWords(size - SHOWN_OF_LINE))}</span>}
      </span>
    </span>
  );
}

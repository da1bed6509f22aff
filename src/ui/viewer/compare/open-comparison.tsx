import { type ReactNode, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import { Announcer } from "../announcer.tsx";
import { writeClipboard } from "../clipboard.ts";
import { FindField } from "../find-field.tsx";
import { KeyList } from "../key-list.tsx";
import { LogPane, type PaneHandle } from "../log-pane.tsx";
import { rangeAt } from "../store/line-names.ts";
import type { Search, SearchState } from "../store/search.ts";
import { createSortedLines, type SortedLines } from "../store/sorted-lines.ts";
import { useKeys } from "../use-keys.ts";
import type { OpenLog } from "../use-log.ts";
import { useMatches } from "../use-matches.ts";
import { useMeasured } from "../use-measured.ts";
import { useMoves } from "../use-moves.ts";
import { defaultLink } from "../use-selection.ts";
import { useSummary } from "../use-summary.ts";
import { useToast } from "../use-toast.ts";
import { useTypedSearch } from "../use-typed-search.ts";
import viewer from "../viewer.module.css";
import { keysOf } from "../viewer-keys.ts";
import type { CompareViewerProps } from "../viewer-props.ts";
import css from "./compare.module.css";
import { compareActs } from "./compare-acts.ts";
import { CompareHead } from "./compare-head.tsx";
import type { Side } from "./compare-task.ts";
import { CompareToolbar } from "./compare-toolbar.tsx";
import { PairRow } from "./pair-row.tsx";
import { farFromDifferences, pairHeights, pairRows, SHOWN_OF_LINE } from "./pair-rows.ts";
import { createPairs, type Pairs } from "./pairs.ts";
import { useComparison } from "./use-comparison.ts";

interface OpenComparisonProps extends CompareViewerProps {
  readonly logs: readonly [left: OpenLog, right: OpenLog];
  /** They change with the logs. */
  readonly revisions: readonly [left: number, right: number];
}

const COUNT = new Intl.NumberFormat("en");
/** Default number of lines around each difference. */
const CONTEXT = 3;
/** With fewer columns the lines of a pair are stacked. */
const NARROW = 100;
/** Columns of a pane beside the text: number, level, sign and padding. */
const GUTTER = 13;
/** Columns of the pane's own room beside the widest line. */
const SPACER_COLUMNS = 17;
/** Columns of a time. */
const TIME_COLUMNS = 14;
const NO_PAIRS = createPairs({ equal: [], beside: [] }, 0, 0);

/** Two logs that are being read and compared. */
export function OpenComparison(props: OpenComparisonProps) {
  const { logs, revisions, view, onView, onLines, text, keys = true, listsKeys = true, onClose } = props;
  const [left, right] = [logs[0].reader, logs[1].reader];
  const side = props.main ?? "right";
  const isLeft = side === "left";
  const main = isLeft ? left : right;
  const state = useComparison(logs, revisions);
  const pairs = state.kind === "done" ? state.pairs : NO_PAIRS;
  const pane = useRef<PaneHandle>(null);
  const [all, setAll] = useState(NARROW);
  const [current, setCurrent] = useState(-1);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [isListing, setListing] = useState(false);
  const [toast, say] = useToast();
  const takeColumns = useCallback((_: number, each: number) => setAll(each), []);
  useSummary(
    main,
    revisions[isLeft ? 0 : 1],
    current >= 0 && current < pairs.count ? pairs.at(current)[side] : -1,
    props.onSummary,
  );

  const isStacked = all < NARROW;
  const { wrap } = view;
  const gutter = GUTTER + (view.ts === "raw" ? 0 : TIME_COLUMNS);
  const room = Math.max(20, (isStacked ? all : Math.floor(all / 2)) - gutter);
  const columns = wrap ? room : Number.POSITIVE_INFINITY;
  const beyond = Math.max(0, Math.min(SHOWN_OF_LINE, Math.max(left.store.widest, right.store.widest)) - room);
  const [measure, measured] = useMeasured(columns);
  const hidden = useMemo(
    () => (view.only ? farFromDifferences(pairs, view.ctx || CONTEXT, opened) : []),
    [pairs, view.only, view.ctx, opened],
  );
  const rows = useMemo(() => pairRows(pairs, hidden), [pairs, hidden]);
  const heights = useMemo(
    () => pairHeights(pairs, rows, { left: left.store, right: right.store, columns, isStacked, measured }),
    [pairs, rows, left.store, right.store, columns, isStacked, measured],
  );
  const open = (from: number): void => setOpened(new Set(opened).add(from));

  const findInput = useRef<HTMLInputElement>(null);
  const searches = { left: logs[0].search, right: logs[1].search };
  const found = {
    left: useMatches(searches.left, view, revisions[0]),
    right: useMatches(searches.right, view, revisions[1]),
  };
  const counts = `${found.left.count} ${found.right.count}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines are mutable.
  const matches = useMemo(() => unionOf(pairs, found), [pairs, found.left, found.right, counts]);
  const searchState = stateOfBoth(searches.left.state, searches.right.state);
  const moves = useMoves({
    pane,
    rows,
    heights,
    current,
    onCurrent: setCurrent,
    onTouch: () => {},
    say,
    wrapped: text.wrapped,
    reveal(pair) {
      const range = hidden.find(([from, to]) => from <= pair && pair < to);
      if (range !== undefined) open(range[0]);
    },
  });

  const onTyping = useTypedSearch({
    search: {
      get state() {
        return stateOfBoth(searches.left.state, searches.right.state);
      },
      // Those of now: what to find is set after the render.
      get matches() {
        return unionOf(pairs, { left: searches.left.matches, right: searches.right.matches });
      },
    },
    moves,
    canShow: () => true,
  });

  const named = props.lines === "first-error" ? undefined : props.lines;
  const selected = useMemo((): readonly [from: number, to: number] | undefined => {
    if (named === undefined || pairs.count === 0) return undefined;
    const from = main.store.positionOf(named.first);
    const to = main.store.positionOf(named.last);
    return from === -1 ? undefined : [pairOf(pairs, side, from), pairOf(pairs, side, Math.max(from, to))];
  }, [named, pairs, main.store, side]);
  const select = (from: number, to: number): void => {
    const lines = linesOf(pairs, side, from, to);
    if (lines !== undefined) onLines(rangeAt(main.store, ...lines));
  };
  const copyLink = async (): Promise<void> => {
    const link = props.linkTo?.(named) ?? defaultLink(named);
    say((await writeClipboard(link)) ? text.copiedLink : text.notCopied);
  };

  const target = selected?.[0] ?? -1;
  const landed = useRef<Pairs>(NO_PAIRS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once there is something to show, and at another address.
  useEffect(() => {
    const isNew = landed.current !== pairs;
    landed.current = pairs;
    if (target >= 0) moves.jumpTo(target, isNew ? "center" : "nearest");
    else if (isNew && pairs.differences.count > 0) moves.jumpTo(pairs.differences.at(0));
  }, [pairs, target]);

  const { errors, warnings } = main.store;
  const severe = useMemo(
    () => ({ errors: pairsOf(pairs, side, errors), warnings: pairsOf(pairs, side, warnings) }),
    [pairs, side, errors, warnings],
  );
  const acts = compareActs({
    moves,
    differences: pairs.differences,
    matches,
    findInput,
    count: pairs.count,
    ...severe,
    view,
    onView,
    copyLink,
    say,
    text,
    toTop() {
      const first = rows.count === 0 ? undefined : rows.at(rows.at(0).kind === "line" ? 0 : 1);
      if (first?.kind === "line") setCurrent(first.line);
      pane.current?.goToShare(0);
    },
    clear() {
      if (named !== undefined) onLines(undefined);
      else if (view.q !== "") onView({ ...view, q: "" });
      else onClose();
    },
    listKeys: () => (listsKeys ? setListing(true) : false),
  });
  useKeys(keysOf(acts), keys);
  const focus = (): void => pane.current?.focus();
  useImperativeHandle(props.ref, () => ({
    nextError: acts.nextError,
    previousError: acts.previousError,
    toEnd: acts.toEnd,
    again: () => [left, right].forEach((reader) => void (reader.progress.error !== undefined && reader.again())),
    find: () => findInput.current?.select(),
    focus,
  }));
  const onAct = (did: string, pair: number, shift: boolean): void => {
    if (document.getSelection()?.isCollapsed === false) return;
    setCurrent(pair);
    if (did === "number")
      select(
        shift && selected ? Math.min(selected[0], pair) : pair,
        shift && selected ? Math.max(selected[1], pair) : pair,
      );
  };

  const renderRow = (row: number): ReactNode => {
    const at = rows.at(row);
    if (at.kind === "gap") return null;
    if (at.kind === "notice") {
      const { line, message } = at.notice;
      return (
        <div key={`equal${line}`} role="row" className={css.equal} aria-rowindex={row + 1}>
          <span role="cell" className={css.half}>
            <button type="button" tabIndex={-1} title={text.compare.showEqual} onClick={() => open(line)}>
              ⋯ {text.compare.equalLines(COUNT.format(Number(message)))}
            </button>
          </span>
        </div>
      );
    }
    const isMatch = matches.has(at.line);
    return (
      <PairRow
        key={at.line}
        left={left.store}
        right={right.store}
        main={side}
        at={at.line}
        pair={pairs.at(at.line)}
        rowIndex={row + 1}
        height={heights.of(row)}
        isStacked={isStacked}
        wrap={wrap}
        time={view.ts}
        searches={searches}
        query={isMatch ? `${view.re} ${view.ci} ${view.q}` : ""}
        revision={isMatch && view.re ? revisions.join() : ""}
        isSelected={selected !== undefined && at.line >= selected[0] && at.line <= selected[1]}
        isCurrent={at.line === current}
        text={text}
      />
    );
  };

  const { differences } = pairs;
  const matchAt = matches.has(current) ? matches.before(current) + 1 : 0;
  const searched = Math.min(searchedOf(searches.left), searchedOf(searches.right));
  const isDifferent = current >= 0 && current < pairs.count && !pairs.at(current).isEqual;
  const differenceAt = isDifferent ? differences.before(current + 1) : 0;
  const words = text.compare;
  const step = differenceAt > 0 ? words.differenceAt(String(differenceAt), COUNT.format(differences.count)) : "";
  const done = differences.count === 0 ? words.same : words.differences(COUNT.format(differences.count));
  return (
    <div className={viewer.viewer}>
      <CompareToolbar
        chooser={props.chooser}
        state={state}
        lines={[left.store.lines, right.store.lines]}
        differenceAt={differenceAt}
        view={view}
        onView={onView}
        find={
          <FindField
            view={view}
            onView={onView}
            found={{ state: searchState, count: matches.count, at: matchAt, searched }}
            onMatch={(by) => moves.step(matches, by, text.noMatch)}
            onTyping={onTyping}
            onLeave={focus}
            inputRef={findInput}
            text={text}
          />
        }
        onStep={(by) => moves.step(differences, by, words.none)}
        onCopyLink={props.linkTo === undefined ? copyLink : undefined}
        onClose={onClose}
        text={text}
      />
      <div className={`${css.heads} ${isStacked ? css.stacked : ""}`}>
        <CompareHead side="left" title={props.left.title} reader={left} text={text} />
        <CompareHead side="right" title={props.right.title} reader={right} text={text} />
      </div>
      <div className={viewer.main}>
        <LogPane
          ref={pane}
          rows={rows}
          heights={heights}
          sticks={false}
          columns={wrap || beyond === 0 ? 0 : all + beyond - SPACER_COLUMNS}
          wrap={wrap}
          isSplit
          label={words.region}
          anchor={current >= 0 ? current : undefined}
          renderRow={renderRow}
          end={null}
          onScrolled={() => {}}
          onView={() => {}}
          onAct={onAct}
          onCopy={() => {}}
          onColumns={takeColumns}
          onMeasured={measure}
        />
        {toast !== "" && <div className={viewer.toast}>{toast}</div>}
      </div>
      {isListing && <KeyList isOn={keys} onClose={() => setListing(false)} text={text} />}
      <Announcer message={toast || step || (state.kind === "done" ? done : "")} />
    </div>
  );
}

/** The first and last line of a side in some pairs, by position; `undefined` if there are none. */
function linesOf(pairs: Pairs, side: Side, from: number, to: number): readonly [from: number, to: number] | undefined {
  let first = -1;
  let last = -1;
  for (let pair = from; pair <= to; pair += 1) {
    const line = pairs.at(pair)[side];
    if (line < 0) continue;
    if (first < 0) first = line;
    last = line;
  }
  return first < 0 ? undefined : [first, last];
}

/** Pairs of which one line or the other is among some. */
function unionOf(pairs: Pairs, lines: Readonly<Record<Side, SortedLines>>): SortedLines {
  const [left, right] = [pairsOf(pairs, "left", lines.left), pairsOf(pairs, "right", lines.right)];
  const union = createSortedLines();
  let [one, other] = [0, 0];
  while (one < left.count || other < right.count) {
    const [own, beside] = [left.at(one), right.at(other)];
    if (beside === -1 || (own !== -1 && own <= beside)) one += 1;
    if (own === -1 || (beside !== -1 && beside <= own)) other += 1;
    const next = own === -1 || (beside !== -1 && beside < own) ? beside : own;
    if (next > union.at(union.count - 1)) union.push(next);
  }
  return union;
}

/** The state of both searches: that of the one which is less far. */
function stateOfBoth(left: SearchState, right: SearchState): SearchState {
  return left.kind === "done" || left.kind === "none" ? right : left;
}

/** How much of a log has been searched, in percent. */
function searchedOf({ searched, store }: Search): number {
  return store.lines === 0 ? 100 : Math.floor((100 * searched) / store.lines);
}

/** The pair of a line of a side. */
function pairOf(pairs: Pairs, side: Side, line: number): number {
  return side === "left" ? pairs.ofLeft(line) : pairs.ofRight(line);
}

/** The pairs of some lines of a side. */
function pairsOf(pairs: Pairs, side: Side, lines: SortedLines): SortedLines {
  const sorted = createSortedLines();
  if (pairs.count === 0) return sorted;
  for (let index = 0; index < lines.count; index += 1) sorted.push(pairOf(pairs, side, lines.at(index)));
  return sorted;
}

import { type ReactNode, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import { Announcer } from "../announcer.tsx";
import { writeClipboard } from "../clipboard.ts";
import { KeyList } from "../key-list.tsx";
import { LogPane, type PaneHandle } from "../log-pane.tsx";
import { rangeAt } from "../store/line-names.ts";
import { createSortedLines, type SortedLines } from "../store/sorted-lines.ts";
import { useKeys } from "../use-keys.ts";
import type { OpenLog } from "../use-log.ts";
import { useMoves } from "../use-moves.ts";
import { defaultLink } from "../use-selection.ts";
import { useSummary } from "../use-summary.ts";
import { useToast } from "../use-toast.ts";
import viewer from "../viewer.module.css";
import { keysOf } from "../viewer-keys.ts";
import type { CompareViewerProps } from "../viewer-props.ts";
import css from "./compare.module.css";
import { compareActs } from "./compare-acts.ts";
import { CompareHead } from "./compare-head.tsx";
import { CompareToolbar } from "./compare-toolbar.tsx";
import { PairRow } from "./pair-row.tsx";
import { farFromDifferences, pairHeights, pairRows } from "./pair-rows.ts";
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
const NO_PAIRS = createPairs({ equal: [], beside: [] }, 0, 0);

/** Two logs that are being read and compared. */
export function OpenComparison(props: OpenComparisonProps) {
  const { logs, revisions, view, onView, onLines, text, keys = true, listsKeys = true, onClose } = props;
  const [left, right] = [logs[0].reader, logs[1].reader];
  const state = useComparison(logs, revisions);
  const pairs = state.kind === "done" ? state.pairs : NO_PAIRS;
  const pane = useRef<PaneHandle>(null);
  const [all, setAll] = useState(NARROW);
  const [current, setCurrent] = useState(-1);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [isListing, setListing] = useState(false);
  const [toast, say] = useToast();
  const takeColumns = useCallback((_: number, each: number) => setAll(each), []);
  useSummary(right, revisions[1], props.onSummary);

  const isStacked = all < NARROW;
  const columns = Math.max(20, (isStacked ? all : Math.floor(all / 2)) - GUTTER);
  const hidden = useMemo(
    () => (view.only ? farFromDifferences(pairs, view.ctx || CONTEXT, opened) : []),
    [pairs, view.only, view.ctx, opened],
  );
  const rows = useMemo(() => pairRows(pairs, hidden), [pairs, hidden]);
  const heights = useMemo(
    () => pairHeights(pairs, rows, { left: left.store, right: right.store, columns, isStacked }),
    [pairs, rows, left.store, right.store, columns, isStacked],
  );
  const open = (from: number): void => setOpened(new Set(opened).add(from));
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

  const named = props.lines === "first-error" ? undefined : props.lines;
  const selected = useMemo((): readonly [from: number, to: number] | undefined => {
    if (named === undefined || pairs.count === 0) return undefined;
    const from = right.store.positionOf(named.first);
    const to = right.store.positionOf(named.last);
    return from === -1 ? undefined : [pairs.ofRight(from), pairs.ofRight(Math.max(from, to))];
  }, [named, pairs, right.store]);
  const select = (from: number, to: number): void => {
    const lines = rightLines(pairs, from, to);
    if (lines !== undefined) onLines(rangeAt(right.store, ...lines));
  };
  const copyLink = async (): Promise<void> => {
    const range = named ?? rangeAt(right.store, pairs.count === 0 ? -1 : pairs.at(Math.max(0, current)).right, -1);
    const link = props.linkTo?.(range) ?? defaultLink(range);
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

  const { errors, warnings } = right.store;
  const severe = useMemo(
    () => ({ errors: pairsOf(pairs, errors), warnings: pairsOf(pairs, warnings) }),
    [pairs, errors, warnings],
  );
  const acts = compareActs({
    moves,
    differences: pairs.differences,
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
    clear: () => (named === undefined ? onClose() : onLines(undefined)),
    listKeys: () => (listsKeys ? setListing(true) : false),
  });
  useKeys(keysOf(acts), keys);
  const focus = (): void => pane.current?.focus();
  useImperativeHandle(props.ref, () => ({
    nextError: acts.nextError,
    previousError: acts.previousError,
    toEnd: acts.toEnd,
    again: () => [left, right].forEach((reader) => void (reader.progress.error !== undefined && reader.again())),
    find: focus,
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
    return (
      <PairRow
        key={at.line}
        left={left.store}
        right={right.store}
        at={at.line}
        pair={pairs.at(at.line)}
        rowIndex={row + 1}
        height={heights.of(row)}
        isStacked={isStacked}
        isSelected={selected !== undefined && at.line >= selected[0] && at.line <= selected[1]}
        isCurrent={at.line === current}
        text={text}
      />
    );
  };

  const { differences } = pairs;
  const isDifferent = current >= 0 && current < pairs.count && !pairs.at(current).isEqual;
  const differenceAt = isDifferent ? differences.before(current + 1) : 0;
  const words = text.compare;
  const found = differenceAt > 0 ? words.differenceAt(String(differenceAt), COUNT.format(differences.count)) : "";
  const done = differences.count === 0 ? words.same : words.differences(COUNT.format(differences.count));
  return (
    <div className={viewer.viewer}>
      <CompareToolbar
        chooser={props.chooser}
        state={state}
        lines={[left.store.lines, right.store.lines]}
        differenceAt={differenceAt}
        isOnly={view.only}
        onOnly={() => onView({ ...view, only: !view.only })}
        onStep={(by) => moves.step(differences, by, words.none)}
        onCopyLink={copyLink}
        onClose={onClose}
        text={text}
      />
      <div className={`${css.heads} ${isStacked ? css.stacked : ""}`}>
        <CompareHead title={props.left.title} reader={left} text={text} />
        <CompareHead title={props.right.title} reader={right} text={text} />
      </div>
      <div className={viewer.main}>
        <LogPane
          ref={pane}
          rows={rows}
          heights={heights}
          sticks={false}
          columns={0}
          wrap
          label={words.region}
          anchor={current >= 0 ? current : undefined}
          renderRow={renderRow}
          end={null}
          onScrolled={() => {}}
          onView={() => {}}
          onAct={onAct}
          onCopy={() => {}}
          onColumns={takeColumns}
        />
        {toast !== "" && <div className={viewer.toast}>{toast}</div>}
      </div>
      {isListing && <KeyList isOn={keys} onClose={() => setListing(false)} text={text} />}
      <Announcer message={toast || found || (state.kind === "done" ? done : "")} />
    </div>
  );
}

/** The right log's first and last line in some pairs, by position; `undefined` if there are none. */
function rightLines(pairs: Pairs, from: number, to: number): readonly [from: number, to: number] | undefined {
  let first = -1;
  let last = -1;
  for (let pair = from; pair <= to; pair += 1) {
    const { right } = pairs.at(pair);
    if (right < 0) continue;
    if (first < 0) first = right;
    last = right;
  }
  return first < 0 ? undefined : [first, last];
}

/** The pairs of some lines of the right log. */
function pairsOf(pairs: Pairs, lines: SortedLines): SortedLines {
  const sorted = createSortedLines();
  if (pairs.count === 0) return sorted;
  for (let index = 0; index < lines.count; index += 1) sorted.push(pairs.ofRight(lines.at(index)));
  return sorted;
}

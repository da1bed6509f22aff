import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import { Announcer } from "./announcer.tsx";
import { DetailPanel } from "./detail-panel.tsx";
import { EndRow } from "./end-row.tsx";
import { GoToField } from "./go-to-field.tsx";
import { KeyList } from "./key-list.tsx";
import { LogPane, type PaneHandle } from "./log-pane.tsx";
import type { LogViewerProps } from "./log-viewer.tsx";
import { MemoryNote } from "./memory-note.tsx";
import { OverviewBar } from "./overview-bar.tsx";
import { createPlace } from "./place.ts";
import { rowRenderer } from "./row-renderer.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { lineText } from "./store/line-text.ts";
import { createSortedLines } from "./store/sorted-lines.ts";
import { Toolbar } from "./toolbar.tsx";
import { useBrowserLook } from "./use-browser-look.ts";
import { useFollowing } from "./use-following.ts";
import { useKeys } from "./use-keys.ts";
import { useLanding } from "./use-landing.ts";
import type { OpenLog } from "./use-log.ts";
import { useMarks } from "./use-marks.ts";
import { useMoves } from "./use-moves.ts";
import { useRows } from "./use-rows.ts";
import { useSelection } from "./use-selection.ts";
import { useSlowly } from "./use-slowly.ts";
import { useSummary } from "./use-summary.ts";
import { useToast } from "./use-toast.ts";
import css from "./viewer.module.css";
import { viewerActs } from "./viewer-acts.ts";
import { keysOf } from "./viewer-keys.ts";

interface OpenViewerProps extends LogViewerProps {
  readonly log: OpenLog;
  /** Another number at each change of the log. */
  readonly revision: number;
}

const COUNT = new Intl.NumberFormat("en");
/** Milliseconds between two states of the overview. */
const MARKS_MS = 200;
/** Bytes of memory from which a reader is told that the log takes them. */
const WARNS_AT = 256_000_000;
/** No line. */
const NONE = createSortedLines();

/** A viewer whose log is being read. */
export function OpenViewer(props: OpenViewerProps) {
  const { log, revision, view, onView, onLines, follow, text, keys = true, listsKeys = true } = props;
  const { reader, search } = log;
  const { store, progress } = reader;
  const pane = useRef<PaneHandle>(null);
  const findInput = useRef<HTMLInputElement>(null);
  const named = props.lines === "first-error" ? undefined : props.lines;

  const [columns, setColumns] = useState(100);
  const [place] = useState(createPlace);
  const [current, setCurrent] = useState(-1);
  const [detail, setDetail] = useState(-1);
  const [isGoing, setGoing] = useState(false);
  const [isListing, setListing] = useState(false);
  const [toast, say] = useToast();
  const marks = useMarks();

  const rowsOfView = useRows(store, search, view, follow, columns);
  const { rows, heights, isFiltered } = rowsOfView;
  const isOver = progress.state.kind === "ended";

  // --- What is looked for, also in what comes.
  useEffect(() => search.set({ q: view.q, re: view.re, ci: view.ci }), [search, view.q, view.re, view.ci]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => search.goOn(), [search, revision]);
  const matches = view.q === "" ? NONE : search.matches;

  useSummary(reader, revision, props.onSummary);

  // --- Moving.
  const { following, landed, act, onScrolled } = useFollowing(
    store,
    follow,
    follow && named === undefined && view.q === "",
  );
  const onTouch = (): void => act({ kind: "touched" });
  const moves = useMoves({
    ...{ pane, rows, heights, current, onTouch, say, onCurrent: setCurrent, wrapped: text.wrapped },
    reveal(line) {
      if (!isFiltered) rowsOfView.reveal(line);
      else if (!rows.shows(line)) onView({ ...view, only: false, sev: "all" });
    },
    columnOf(line) {
      if (!matches.has(line)) return undefined;
      return search.rangesIn(lineText(store, line, rowsOfView.mostOf(line)))[0]?.[0];
    },
  });

  // --- Selected lines.
  const shown = isFiltered ? rows.shows : undefined;
  const label = props.label ?? text.region;
  const selection = useSelection({
    ...{ store, named, current, shown, onLines, onTouch, say, label, text },
    linkTo: props.linkTo,
    time: view.ts,
  });
  const { selected } = selection;

  // --- Where a log opens.
  useLanding({
    ...{ store, search, revision, isOver, landed, follow, text, say, onLines },
    wanted: props.lines,
    isFinding: view.q !== "",
    land(line, where) {
      if (line >= 0) setCurrent(line);
      moves.show(Math.max(0, line), where);
    },
  });
  const namedKey = named === undefined ? "" : `${named.first}-${named.last}`;
  const lastNamed = useRef(namedKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the address names other lines.
  useEffect(() => {
    if (lastNamed.current === namedKey) return;
    lastNamed.current = namedKey;
    // What was selected here is in view already.
    if (selected === undefined) return;
    onTouch();
    moves.show(selected[0], "nearest");
  }, [namedKey]);

  // --- What keys and buttons do.
  const acts = viewerActs({
    ...{ store, view, onView, onLines, follow, text, moves, rowsOfView, selection, marks, matches, say, act },
    ...{ current, setCurrent, detail, setDetail, setGoing, setListing, listsKeys, isNamed: named !== undefined },
    ...{ pane, findInput },
  });
  useKeys(keysOf(acts), keys);
  const isLookedAt = useBrowserLook();
  useImperativeHandle(props.ref, () => ({
    nextError: acts.nextError,
    previousError: acts.previousError,
    find: () => findInput.current?.select(),
    toEnd: acts.toEnd,
    again: () => reader.again(),
    focus: () => pane.current?.focus(),
  }));
  const onAct = (did: string, line: number, shift: boolean): void => {
    const fold = rowsOfView.foldAt(line);
    if (did === "number" && shift) selection.extendTo(line);
    else if (did === "number") {
      setCurrent(line);
      selection.select(line, line);
    } else if (did === "more") rowsOfView.showMore(line);
    else if (did === "detail") setDetail(line);
    else if (did === "fold" && fold !== undefined) rowsOfView.toggle(fold);
    // A text that is being selected is left alone.
    else if (document.getSelection()?.isCollapsed !== false) {
      onTouch();
      setCurrent(line);
    }
  };

  // --- Rows, and where they are among all.
  const renderRow = rowRenderer({
    ...{ store, search, matches, view, rowsOfView, selected, current, revision, text },
    marked: marks.lines,
    isLive: follow && !isOver,
  });
  // While much comes, the overview is drawn anew a few times a second.
  const marked = useSlowly(
    useMemo(() => ({ revision, rows, heights, matches }), [revision, rows, heights, matches]),
    MARKS_MS,
  );
  const goToShare = useCallback((share: number) => pane.current?.goToShare(share), []);

  // --- What came while the reader looked elsewhere.
  const newLines = follow && !following.on ? store.lines - following.seen : 0;
  const newErrors = newLines > 0 ? store.errors.count - store.errors.before(following.seen) : 0;
  const pill = newLines > 0 ? text.newLines(COUNT.format(newLines), newErrors) : "";
  const matchAt = matches.has(current) ? matches.before(current) + 1 : 0;
  const done = isOver && progress.error === undefined ? text.loadComplete(COUNT.format(store.lines)) : "";
  const found =
    matchAt > 0 ? text.matches(String(matchAt), COUNT.format(matches.count), search.state.kind === "running") : "";
  return (
    <div className={css.viewer}>
      <Toolbar
        view={view}
        onView={onView}
        search={search}
        matchAt={matchAt}
        grave={store.errors.count + store.warnings.count}
        following={follow ? following.on : undefined}
        onFollow={acts.follow}
        onMatch={(by) => (by === 1 ? acts.nextMatch() : acts.previousMatch())}
        onLeave={() => pane.current?.focus()}
        onCopyLink={selection.copyLink}
        downloadHref={props.downloadHref}
        inputRef={findInput}
        text={text}
      />
      <MemoryNote bytes={store.bytes} warnsAt={props.memoryWarning ?? WARNS_AT} text={text} />
      <div className={css.main}>
        <LogPane
          ref={pane}
          rows={rows}
          heights={heights}
          sticks={following.on && follow}
          columns={view.wrap ? 0 : store.widest}
          wrap={view.wrap}
          isLookedAt={isLookedAt}
          label={label}
          anchor={current >= 0 ? current : undefined}
          renderRow={renderRow}
          end={
            <EndRow
              progress={progress}
              lines={store.lines}
              isLive={follow}
              isEmpty={rows.count === 0}
              isFiltered={isFiltered}
              onAgain={() => reader.again()}
              onClear={() => onView({ ...view, only: false, sev: "all" })}
              text={text}
            />
          }
          onScrolled={onScrolled}
          onView={place.set}
          onAct={onAct}
          onCopy={selection.onCopy}
          onColumns={setColumns}
        />
        <OverviewBar
          store={store}
          {...marked}
          place={place}
          onGo={(share) => {
            onTouch();
            goToShare(share);
          }}
        />
        {pill !== "" && (
          <button type="button" className={css.pill} onClick={acts.toEnd}>
            ↓ {pill} <span className={css.key}>G</span>
          </button>
        )}
        {toast !== "" && <div className={css.toast}>{toast}</div>}
        {isGoing && <GoToField onGo={acts.goTo} onClose={() => setGoing(false)} text={text} />}
      </div>
      {selected !== undefined && <SelectionBar selection={selection} onClear={() => onLines(undefined)} text={text} />}
      {detail >= 0 && <DetailPanel store={store} line={detail} onClose={() => setDetail(-1)} text={text} />}
      {isListing && <KeyList isOn={keys} onClose={() => setListing(false)} text={text} />}
      <Announcer message={toast || found || pill || done} />
    </div>
  );
}

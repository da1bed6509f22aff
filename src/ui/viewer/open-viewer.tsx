import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import { Announcer } from "./announcer.tsx";
import { DetailPanel } from "./detail-panel.tsx";
import { EndRow } from "./end-row.tsx";
import { GoToField } from "./go-to-field.tsx";
import { KeyList } from "./key-list.tsx";
import { LogPane, type PaneHandle } from "./log-pane.tsx";
import { MemoryNote } from "./memory-note.tsx";
import { OverviewBar } from "./overview-bar.tsx";
import { rowRenderer } from "./row-renderer.tsx";
import { createScrollPosition } from "./scroll-position.ts";
import { SelectionBar } from "./selection-bar.tsx";
import { lineText } from "./store/line-text.ts";
import type { LogStore } from "./store/log-store.ts";
import { Toolbar } from "./toolbar.tsx";
import { useBrowserSearch } from "./use-browser-search.ts";
import { useFollowing } from "./use-following.ts";
import { useKeys } from "./use-keys.ts";
import { useLanding } from "./use-landing.ts";
import type { OpenLog } from "./use-log.ts";
import { useMarks } from "./use-marks.ts";
import { useMatches } from "./use-matches.ts";
import { useMoves } from "./use-moves.ts";
import { usePanels } from "./use-panels.ts";
import { useRows } from "./use-rows.ts";
import { useSelection } from "./use-selection.ts";
import { useSlowly } from "./use-slowly.ts";
import { useSummary } from "./use-summary.ts";
import { useToast } from "./use-toast.ts";
import { useTypedSearch } from "./use-typed-search.ts";
import css from "./viewer.module.css";
import { displayActs, findActs, goToAct, lineActs, moveActs, panelActs, type ViewerActs } from "./viewer-acts.ts";
import { keysOf } from "./viewer-keys.ts";
import type { LogViewerProps } from "./viewer-props.ts";
import type { ViewerText } from "./viewer-text.ts";

interface OpenViewerProps extends LogViewerProps {
  readonly log: OpenLog;
  /** Changes with the log. */
  readonly revision: number;
}

const COUNT = new Intl.NumberFormat("en");
/** Milliseconds between two updates of the overview. */
const OVERVIEW_MS = 200;
/** Bytes of memory above which the viewer warns. */
const WARN_BYTES = 256_000_000;

/** A viewer whose log is being read. */
export function OpenViewer(props: OpenViewerProps) {
  const { log, revision, view, onView, onLines, follow, text, keys = true, listsKeys = true } = props;
  const { reader, search } = log;
  const { store, progress } = reader;
  const pane = useRef<PaneHandle>(null);
  const findInput = useRef<HTMLInputElement>(null);
  const named = props.lines === "first-error" ? undefined : props.lines;

  const [columns, setColumns] = useState(100);
  const [position] = useState(createScrollPosition);
  const [current, setCurrent] = useState(-1);
  const [toast, say] = useToast();
  const panels = usePanels();
  const marks = useMarks();

  const rowsOfView = useRows(store, search, view, follow, columns);
  const { rows, heights, isFiltered } = rowsOfView;
  const isOver = progress.state.kind === "ended";
  const matches = useMatches(search, view, revision);
  useSummary(reader, revision, current, props.onSummary);

  const startsAtEnd = follow && named === undefined && view.q === "";
  const { following, landed, act, onScrolled } = useFollowing(store, follow, startsAtEnd);
  const onTouch = (): void => act({ kind: "touched" });
  const moves = useMoves({
    pane,
    rows,
    heights,
    current,
    onCurrent: setCurrent,
    onTouch,
    say,
    wrapped: text.wrapped,
    reveal(line) {
      if (!isFiltered) rowsOfView.reveal(line);
      else if (!rows.shows(line)) onView({ ...view, only: false, sev: "all" });
    },
    columnOf(line) {
      if (!matches.has(line)) return undefined;
      return search.rangesIn(lineText(store, line, rowsOfView.maxBytesOf(line)))[0]?.[0];
    },
  });

  const label = props.label ?? text.region;
  const selection = useSelection({
    store,
    named,
    current,
    shown: isFiltered ? rows.shows : undefined,
    onLines,
    onTouch,
    say,
    linkTo: props.linkTo,
    time: view.ts,
    label,
    text,
  });
  const { selected } = selection;
  const onTyping = useTypedSearch({ search, moves, canShow: (line) => !isFiltered || rows.shows(line) });
  // A query is only taken over after the render.
  const isSearching = search.state.kind === "running" || search.state.kind === "none";
  const searched = store.lines === 0 ? 0 : Math.floor((100 * search.searched) / store.lines);

  useLanding({
    store,
    search,
    revision,
    isOver,
    landed,
    wanted: props.lines,
    isFinding: view.q !== "",
    follow,
    land(line, where) {
      if (line >= 0) setCurrent(line);
      moves.show(Math.max(0, line), where);
    },
    onLines,
    say,
    text,
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

  const clearNamed = named === undefined ? undefined : () => onLines(undefined);
  const acts: ViewerActs = {
    ...findActs({ store, matches, view, onView, moves, findInput, text }),
    ...displayActs({ view, onView }),
    ...moveActs({ store, rowsOfView, moves, follow, act, current, setCurrent }),
    ...lineActs({ store, current, selection, marks, moves, text }),
    ...panelActs({ panels, moves, listsKeys, clearNamed, current, setCurrent, view, onView }),
  };
  const goTo = goToAct({ store, moves, selection, panels, pane, say, text });
  useKeys(keysOf(acts), keys);
  const isSearchedByBrowser = useBrowserSearch();
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
    else if (did === "detail") panels.setDetail(line);
    else if (did === "fold" && fold !== undefined) rowsOfView.toggle(fold);
    // A click that ends a text selection does nothing else.
    else if (document.getSelection()?.isCollapsed !== false) {
      onTouch();
      setCurrent(line);
    }
  };

  const renderRow = rowRenderer({
    store,
    search,
    matches,
    view,
    rowsOfView,
    selected,
    current,
    revision,
    text,
    marked: marks.lines,
    isLive: follow && !isOver,
  });
  // While much arrives, the overview is updated a few times a second.
  const overview = useSlowly(
    useMemo(() => ({ revision, rows, heights, matches }), [revision, rows, heights, matches]),
    OVERVIEW_MS,
  );
  const goToShare = useCallback((share: number) => pane.current?.goToShare(share), []);

  const pill = follow && !following.on ? newLinesText(store, following.seen, text) : "";
  const matchAt = matches.has(current) ? matches.before(current) + 1 : 0;
  const done = isOver && progress.error === undefined ? text.loadComplete(COUNT.format(store.lines)) : "";
  const found =
    matchAt > 0 ? text.matches(String(matchAt), COUNT.format(matches.count), search.state.kind === "running") : "";
  return (
    <div className={css.viewer}>
      <Toolbar
        view={view}
        onView={onView}
        found={{ state: search.state, count: search.matches.count, at: matchAt, searched }}
        grave={store.errors.count + store.warnings.count}
        errors={store.errors.count}
        following={follow ? following.on : undefined}
        onFollow={acts.follow}
        onMatch={(by) => (by === 1 ? acts.nextMatch() : acts.previousMatch())}
        onTyping={onTyping}
        onLeave={() => pane.current?.focus()}
        // A page with links of its own has one button for them.
        onCopyLink={props.linkTo === undefined ? selection.copyLink : undefined}
        downloadHref={props.downloadHref}
        inputRef={findInput}
        text={text}
      />
      <MemoryNote bytes={store.bytes} warnsAt={props.memoryWarning ?? WARN_BYTES} text={text} />
      <div className={css.main}>
        <LogPane
          ref={pane}
          rows={rows}
          heights={heights}
          sticks={following.on && follow}
          columns={view.wrap ? 0 : store.widest}
          wrap={view.wrap}
          isSearchedByBrowser={isSearchedByBrowser}
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
              searched={view.only && view.q !== "" && isSearching ? searched : undefined}
              onAgain={() => reader.again()}
              onClear={() => onView({ ...view, only: false, sev: "all" })}
              text={text}
            />
          }
          onScrolled={onScrolled}
          onView={position.set}
          onAct={onAct}
          onCopy={selection.onCopy}
          onColumns={setColumns}
          onMeasured={rowsOfView.measure}
        />
        <OverviewBar
          store={store}
          {...overview}
          position={position}
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
        {panels.isGoing && <GoToField onGo={goTo} onClose={() => panels.setGoing(false)} text={text} />}
      </div>
      {selected !== undefined && (
        <SelectionBar
          selection={selection}
          hasLink={props.linkTo === undefined}
          onClear={() => onLines(undefined)}
          text={text}
        />
      )}
      {panels.detail >= 0 && (
        <DetailPanel store={store} line={panels.detail} onClose={() => panels.setDetail(-1)} text={text} />
      )}
      {panels.isListing && <KeyList isOn={keys} onClose={() => panels.setListing(false)} text={text} />}
      <Announcer message={toast || found || pill || done} />
    </div>
  );
}

/** Lines and errors that arrived while the view was elsewhere; empty if there are none. */
function newLinesText(store: LogStore, seen: number, text: ViewerText): string {
  const lines = store.lines - seen;
  if (lines <= 0) return "";
  return text.newLines(COUNT.format(lines), store.errors.count - store.errors.before(seen));
}

import {
  type ReactNode,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Announcer } from "./announcer.tsx";
import { DetailPanel } from "./detail-panel.tsx";
import { EndRow } from "./end-row.tsx";
import { GoToField } from "./go-to-field.tsx";
import { KeyList } from "./key-list.tsx";
import { LogPane, type PaneHandle } from "./log-pane.tsx";
import { LogRow } from "./log-row.tsx";
import type { LogViewerProps } from "./log-viewer.tsx";
import { NoticeRow } from "./notice-row.tsx";
import { OverviewBar } from "./overview-bar.tsx";
import { createPlace } from "./place.ts";
import { afterAct, type ReaderAct } from "./store/following.ts";
import { type Goal, lineAtTime } from "./store/go-to.ts";
import { lineText } from "./store/line-text.ts";
import { TIME_FORMATS } from "./store/line-time.ts";
import { createSortedLines, type SortedLines } from "./store/sorted-lines.ts";
import { Toolbar } from "./toolbar.tsx";
import { useKeys } from "./use-keys.ts";
import { useLanding } from "./use-landing.ts";
import type { OpenLog } from "./use-log.ts";
import { useRows } from "./use-rows.ts";
import { useSelection } from "./use-selection.ts";
import { useSlowly } from "./use-slowly.ts";
import { useSummary } from "./use-summary.ts";
import css from "./viewer.module.css";
import { keysOf } from "./viewer-keys.ts";

interface OpenViewerProps extends LogViewerProps {
  readonly log: OpenLog;
  /** Another number at each change of the log. */
  readonly revision: number;
}

/** Where to go, once the rows are there. */
interface Target {
  readonly line: number;
  readonly where: "center" | "start" | "nearest" | "end";
}

const COUNT = new Intl.NumberFormat("en");
/** Milliseconds for which a short message stands. */
const TOAST_MS = 4_000;
/** Milliseconds between two states of the overview. */
const MARKS_MS = 200;
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
  const [following, setFollowing] = useState({ on: follow && named === undefined && view.q === "", seen: 0 });
  const [current, setCurrent] = useState(-1);
  const [target, setTarget] = useState<Target>();
  const [detail, setDetail] = useState(-1);
  const [isGoing, setGoing] = useState(false);
  const [isListing, setListing] = useState(false);
  const [marks, setMarks] = useState<readonly number[]>([]);
  const [toast, setToast] = useState("");
  const landed = useRef(false);

  const { rows, heights, isFiltered, ...folding } = useRows(store, search, view, follow, columns);
  const isLive = follow && progress.state.kind !== "ended";
  const sticks = following.on && follow;

  // --- What is looked for, also in what comes.
  useEffect(() => search.set({ q: view.q, re: view.re, ci: view.ci }), [search, view.q, view.re, view.ci]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => search.goOn(), [search, revision]);

  useSummary(reader, revision, props.onSummary);

  // --- Messages.
  const say = (words: string): void => setToast(words);
  useEffect(() => {
    if (toast === "") return;
    const id = setTimeout(() => setToast(""), TOAST_MS);
    return () => clearTimeout(id);
  }, [toast]);

  // --- Moving.
  const act = (did: ReaderAct): void => {
    landed.current = true;
    setFollowing((before) => afterAct(before, did, store.lines));
  };
  const show = (line: number, where: Target["where"] = "center"): void => {
    if (line < 0) return;
    if (!isFiltered) folding.reveal(line);
    else if (!rows.shows(line)) onView({ ...view, only: false, sev: "all" });
    setTarget({ line, where });
  };
  const jumpTo = (line: number, where: Target["where"] = "center"): void => {
    if (line < 0) return;
    act({ kind: "touched" });
    setCurrent(line);
    show(line, where);
  };
  useLayoutEffect(() => {
    if (target === undefined) return;
    setTarget(undefined);
    const row = rows.rowOf(target.line);
    if (target.where === "end") pane.current?.goToShare(1);
    else pane.current?.show(row, target.where, columnOfMatch(target.line));
  });
  const columnOfMatch = (line: number): number | undefined => {
    if (view.q === "" || !search.matches.has(line)) return undefined;
    return search.rangesIn(lineText(store, line, folding.mostOf(line)))[0]?.[0];
  };
  const lineInView = (): number => {
    const { top, height } = pane.current?.view ?? place.view;
    if (rows.count === 0) return -1;
    if (current >= 0 && rows.shows(current)) {
      const start = heights.startOf(rows.rowOf(current));
      if (start > top - 1 && start < top + height) return current;
    }
    const row = rows.at(Math.min(rows.count - 1, Math.max(0, heights.rowAt(top))));
    // Counted from before the first line in view, so that it is the next one.
    return (row.kind === "line" ? row.line : row.kind === "gap" ? row.to : row.notice.line) - 1;
  };
  const step = (lines: SortedLines, by: 1 | -1, none: string): unknown => {
    if (lines.count === 0) return say(none);
    const from = lineInView();
    const found = by === 1 ? lines.next(from) : lines.previous(Math.max(0, from));
    if (found === -1) say(text.wrapped);
    jumpTo(found !== -1 ? found : lines.at(by === 1 ? 0 : lines.count - 1));
  };
  const nextError = (): unknown => step(store.errors, 1, text.noError);
  const previousError = (): unknown => step(store.errors, -1, text.noError);
  const nextMatch = (by: 1 | -1): void => {
    if (view.q !== "") step(search.matches, by, text.noMatch);
  };
  const page = (views: number): void => {
    act({ kind: "touched" });
    pane.current?.page(views);
  };
  const toEnd = (): void => {
    act({ kind: follow ? "went-to-end" : "touched" });
    setCurrent(follow ? -1 : store.lines - 1);
    setTarget({ line: store.lines - 1, where: "end" });
  };
  const move = (by: number): unknown => {
    if (rows.count === 0) return;
    const from =
      current >= 0 && rows.shows(current)
        ? rows.rowOf(current)
        : Math.max(0, heights.rowAt(pane.current?.view.top ?? 0) - by);
    for (let row = from + by; row >= 0 && row < rows.count; row += by) {
      const at = rows.at(row);
      if (at.kind === "line") return jumpTo(at.line, "nearest");
    }
  };
  const markStep = (by: 1 | -1): void => {
    const sorted = createSortedLines();
    for (const line of marks) sorted.push(line);
    step(sorted, by, text.noMark);
  };
  const goTo = (goal: Goal | undefined): unknown => {
    setGoing(false);
    pane.current?.focus();
    if (goal === undefined) return say(text.noSuchLine);
    if (goal.kind === "time") {
      const line = lineAtTime(store, goal);
      if (line === -1) return say(text.noSuchTime);
      return jumpTo(line);
    }
    const line = store.positionOf(goal.first);
    if (line === -1) return say(text.noSuchLine);
    jumpTo(line);
    select(line, Math.max(line, store.positionOf(goal.last)));
  };

  // --- Selected lines.
  const shown = isFiltered ? rows.shows : undefined;
  const onTouch = (): void => act({ kind: "touched" });
  const selection = useSelection({ store, named, current, shown, onLines, onTouch, say, linkTo: props.linkTo, text });
  const { selected, select, extendTo } = selection;

  // --- Where a log opens.
  const isOver = progress.state.kind === "ended";
  useLanding({
    ...{ store, search, revision, isOver, landed, follow, text, say, onLines },
    wanted: props.lines,
    isFinding: view.q !== "",
    land(line, where) {
      if (line >= 0) setCurrent(line);
      show(Math.max(0, line), where);
    },
  });
  const namedKey = named === undefined ? "" : `${named.first}-${named.last}`;
  const lastNamed = useRef(namedKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the address names other lines.
  useEffect(() => {
    if (lastNamed.current === namedKey) return;
    lastNamed.current = namedKey;
    // What was selected here is in view already.
    if (selected !== undefined) {
      setFollowing((before) => afterAct(before, { kind: "touched" }, store.lines));
      setTarget({ line: selected[0], where: "nearest" });
    }
  }, [namedKey]);

  useImperativeHandle(props.ref, () => ({
    nextError,
    previousError,
    find: () => findInput.current?.select(),
    toEnd,
    again: () => reader.again(),
    focus: () => pane.current?.focus(),
  }));

  // --- Keys.
  const foldHere = (): void => {
    const fold = folding.foldsAround(lineInView() + (current >= 0 ? 0 : 1)).at(-1);
    if (fold === undefined) return;
    setCurrent(fold.head);
    folding.toggle(fold);
  };
  const clear = (): unknown => {
    if (detail >= 0) return setDetail(-1);
    if (named !== undefined) return onLines(undefined);
    if (view.q !== "" || view.only || view.sev !== "all") return onView({ ...view, q: "", only: false, sev: "all" });
    return current >= 0 ? setCurrent(-1) : false;
  };
  const find = (): void => findInput.current?.select();
  const keyActions = keysOf({
    nextError,
    previousError,
    nextWarning: () => step(store.warnings, 1, text.noWarning),
    previousWarning: () => step(store.warnings, -1, text.noWarning),
    find,
    // The browser's own find at the second press, as the field has the focus then.
    findInstead: () => (document.activeElement?.closest(`.${css.viewer}`) ? find() : false),
    nextMatch: () => nextMatch(1),
    previousMatch: () => nextMatch(-1),
    onlyMatches: () => onView({ ...view, only: !view.only }),
    top: () => jumpTo(rowLine(0), "start"),
    toEnd,
    askWhere: () => setGoing(true),
    down: () => move(1),
    up: () => move(-1),
    halfDown: () => page(0.5),
    halfUp: () => page(-0.5),
    follow: () => follow && act({ kind: "switched" }),
    wrap: () => onView({ ...view, wrap: !view.wrap }),
    time: () =>
      onView({ ...view, ts: TIME_FORMATS[(TIME_FORMATS.indexOf(view.ts) + 1) % TIME_FORMATS.length] ?? "raw" }),
    fold: foldHere,
    foldAll: folding.toggleAll,
    select: () => current >= 0 && select(current, current),
    extend: () => current >= 0 && extendTo(current),
    copyLines: selection.copyLines,
    copyLink: selection.copyLink,
    detail: () => setDetail(detail >= 0 ? -1 : current >= 0 ? current : Math.max(0, lineInView() + 1)),
    mark() {
      if (current < 0) return;
      const others = marks.filter((line) => line !== current);
      setMarks(others.length < marks.length ? others : [...marks, current].sort((one, other) => one - other));
    },
    nextMark: () => markStep(1),
    previousMark: () => markStep(-1),
    selectAll() {
      if (!document.activeElement?.closest(`.${css.scroll}`) || store.lines === 0) return false;
      return select(0, store.lines - 1);
    },
    clear,
    listKeys: () => (listsKeys ? setListing(true) : false),
  });
  useKeys(keyActions, keys);
  const rowLine = (row: number): number => {
    const at = rows.count > row ? rows.at(row) : undefined;
    return at?.kind === "line" ? at.line : 0;
  };

  // --- Rows.
  const matches = view.q === "" ? NONE : search.matches;
  const lastLine = store.lines - 1;
  const markSet = useMemo(() => new Set(marks), [marks]);
  const renderRow = (row: number): ReactNode => {
    const at = rows.at(row);
    if (at.kind !== "line") return <NoticeRow key={`row${row}`} row={at} rowIndex={row + 1} text={text} />;
    const { line } = at;
    const fold = isFiltered ? undefined : folding.foldAt(line);
    const isMatch = matches.has(line);
    const changes =
      (isMatch && view.re) || line === lastLine || (fold !== undefined && isLive) || (line < 50 && view.ts === "rel");
    return (
      <LogRow
        key={line}
        store={store}
        search={search}
        line={line}
        rowIndex={row + 1}
        height={heights.of(row)}
        wrap={view.wrap}
        time={view.ts}
        most={folding.mostOf(line)}
        isSelected={selected !== undefined && line >= selected[0] && line <= selected[1]}
        isCurrent={line === current}
        isMarked={markSet.has(line)}
        isMatch={isMatch}
        isCurrentMatch={isMatch && line === current}
        fold={fold}
        isFolded={fold !== undefined && folding.isFolded(fold)}
        text={text}
        query={isMatch ? `${view.re} ${view.ci} ${view.q}` : ""}
        revision={changes ? revision : 0}
        sources={store.sources.length}
      />
    );
  };
  const onAct = (did: string, line: number, shift: boolean): unknown => {
    if (did === "number") {
      if (shift) return extendTo(line);
      setCurrent(line);
      return select(line, line);
    }
    if (did === "more") return folding.showMore(line);
    if (did === "detail") return setDetail(line);
    const fold = folding.foldAt(line);
    if (did === "fold" && fold !== undefined) return folding.toggle(fold);
    // A text that is being selected is left alone.
    if (document.getSelection()?.isCollapsed === false) return;
    act({ kind: "touched" });
    setCurrent(line);
  };
  const onScrolled = useCallback(
    (up: boolean, atEnd: boolean) => {
      landed.current = true;
      setFollowing((before) => (follow ? afterAct(before, { kind: "scrolled", up, atEnd }, store.lines) : before));
    },
    [follow, store],
  );
  // While much comes, the overview is drawn anew a few times a second.
  const marked = useSlowly(
    useMemo(() => ({ revision, rows, heights, matches }), [revision, rows, heights, matches]),
    MARKS_MS,
  );

  // --- What came while the reader looked elsewhere.
  const newLines = follow && !following.on ? store.lines - following.seen : 0;
  const newErrors = newLines > 0 ? store.errors.count - store.errors.before(following.seen) : 0;
  const pill = newLines > 0 ? text.newLines(COUNT.format(newLines), newErrors) : "";
  const matchAt = matches.has(current) ? matches.before(current) + 1 : 0;
  const done = isOver && progress.error === undefined ? text.loadComplete(COUNT.format(store.lines)) : "";
  const found =
    view.q !== "" && matchAt > 0
      ? text.matches(String(matchAt), COUNT.format(matches.count), search.state.kind === "running")
      : "";
  return (
    <div className={css.viewer}>
      <Toolbar
        view={view}
        onView={onView}
        search={search}
        matchAt={matchAt}
        grave={store.errors.count + store.warnings.count}
        following={follow ? following.on : undefined}
        onFollow={() => act({ kind: "switched" })}
        onMatch={nextMatch}
        onLeave={() => pane.current?.focus()}
        onCopyLink={selection.copyLink}
        downloadHref={props.downloadHref}
        inputRef={findInput}
        text={text}
      />
      <div className={css.main}>
        <LogPane
          ref={pane}
          rows={rows}
          heights={heights}
          sticks={sticks}
          columns={view.wrap ? 0 : store.widest}
          wrap={view.wrap}
          label={props.label ?? text.region}
          anchor={current >= 0 ? current : undefined}
          renderRow={renderRow}
          end={
            <EndRow
              progress={progress}
              lines={store.lines}
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
            act({ kind: "touched" });
            pane.current?.goToShare(share);
          }}
        />
        {pill !== "" && (
          <button type="button" className={css.pill} onClick={toEnd}>
            ↓ {pill} <span className={css.key}>G</span>
          </button>
        )}
        {toast !== "" && <div className={css.toast}>{toast}</div>}
        {isGoing && <GoToField onGo={goTo} onClose={() => setGoing(false)} text={text} />}
      </div>
      {detail >= 0 && <DetailPanel store={store} line={detail} onClose={() => setDetail(-1)} text={text} />}
      {isListing && <KeyList isOn={keys} onClose={() => setListing(false)} text={text} />}
      <Announcer message={toast || found || pill || done} />
    </div>
  );
}

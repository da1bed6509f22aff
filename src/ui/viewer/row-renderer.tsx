import type { ReactNode } from "react";
import { LogRow } from "./log-row.tsx";
import { NoticeRow } from "./notice-row.tsx";
import type { LogStore } from "./store/log-store.ts";
import type { Search } from "./store/search.ts";
import type { SortedLines } from "./store/sorted-lines.ts";
import type { RowsOfView } from "./use-rows.ts";
import type { ViewState } from "./view-state.ts";
import type { ViewerText } from "./viewer-text.ts";

interface RendererOptions {
  readonly store: LogStore;
  readonly search: Search;
  /** Lines that match the search. */
  readonly matches: SortedLines;
  readonly view: ViewState;
  readonly rowsOfView: RowsOfView;
  readonly selected: readonly [from: number, to: number] | undefined;
  /** The line that keys act on; -1: none. */
  readonly current: number;
  readonly marked: SortedLines;
  readonly isLive: boolean;
  /** Changes with the log. */
  readonly revision: number;
  readonly text: ViewerText;
}

/** Returns a function that renders a row by its index. */
export function rowRenderer(options: RendererOptions): (row: number) => ReactNode {
  const { store, search, matches, view, rowsOfView, selected, current, marked, isLive, revision, text } = options;
  const { rows, heights, isFiltered } = rowsOfView;
  const lastLine = store.lines - 1;
  return (row) => {
    const at = rows.at(row);
    if (at.kind !== "line") return <NoticeRow key={`row${row}`} row={at} rowIndex={row + 1} text={text} />;
    const { line } = at;
    const fold = isFiltered ? undefined : rowsOfView.foldAt(line);
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
        maxBytes={rowsOfView.maxBytesOf(line)}
        isSelected={selected !== undefined && line >= selected[0] && line <= selected[1]}
        isCurrent={line === current}
        isMarked={marked.has(line)}
        isMatch={isMatch}
        isCurrentMatch={isMatch && line === current}
        fold={fold}
        isFolded={fold !== undefined && rowsOfView.isFolded(fold)}
        text={text}
        query={isMatch ? `${view.re} ${view.ci} ${view.q}` : ""}
        revision={changes ? revision : 0}
        sources={store.sources.length}
      />
    );
  };
}

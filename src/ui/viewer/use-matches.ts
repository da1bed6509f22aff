import { useEffect } from "react";
import type { Search } from "./store/search.ts";
import { createSortedLines, type SortedLines } from "./store/sorted-lines.ts";
import type { ViewState } from "./view-state.ts";

const NO_LINES = createSortedLines();

/** Searches for the pattern of the view, also in lines that arrive later. Returns the lines that match. */
export function useMatches(search: Search, { q, re, ci }: ViewState, revision: number): SortedLines {
  useEffect(() => search.set({ q, re, ci }), [search, q, re, ci]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => search.resume(), [search, revision]);
  return q === "" ? NO_LINES : search.matches;
}

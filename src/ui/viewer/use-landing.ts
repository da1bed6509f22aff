import { type RefObject, useEffect } from "react";
import { type LineRange, lineWithHash, numberAt, rangeAt } from "./store/line-names.ts";
import type { LogStore } from "./store/log-store.ts";
import type { Search } from "./store/search.ts";
import type { ViewerText } from "./viewer-text.ts";

interface LandingOptions {
  readonly store: LogStore;
  readonly search: Search;
  readonly revision: number;
  /** Whether the log has ended. */
  readonly isOver: boolean;
  /** Whether the view has reached its first position, or the user has moved it. */
  readonly landed: RefObject<boolean>;
  readonly wanted: LineRange | "first-error" | undefined;
  readonly isFinding: boolean;
  readonly follow: boolean;
  /** Goes to a line; -1 with `end`: to the end. */
  readonly land: (line: number, where?: "end") => void;
  readonly onLines: (lines: LineRange | undefined) => void;
  readonly say: (words: string) => void;
  readonly text: ViewerText;
}

/**
 * Moves the view to its first position once that is known: the address's lines, the first match or error, else the end.
 */
export function useLanding(options: LandingOptions): void {
  const { store, search, revision, isOver, landed, wanted, isFinding, follow, text } = options;
  const land = (line: number, where?: "end"): void => {
    landed.current = true;
    options.land(line, where);
  };
  const landOn = ({ first, last, hash }: LineRange): void => {
    const line = store.positionOf(first);
    if (line === -1) {
      if (!isOver) return;
      landed.current = true;
      options.say(text.lineNotKept(String(first)));
      return;
    }
    const found = hash === undefined ? line : lineWithHash(store, line, hash);
    // The line may still arrive.
    if (found === -1 && !isOver) return;
    if (found === -1) options.say(text.logChanged);
    else if (found !== line) {
      options.say(text.lineMoved(String(first), String(numberAt(store, found))));
      options.onLines(rangeAt(store, found, found + last - first));
    }
    land(found === -1 ? line : found);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the log.
  useEffect(() => {
    if (landed.current || store.lines === 0) return;
    if (wanted !== undefined && wanted !== "first-error") landOn(wanted);
    else if (isFinding) {
      if (search.matches.count > 0) land(search.matches.at(0));
      else if (isOver && search.state.kind !== "running") landed.current = true;
    } else if (follow && wanted === undefined) landed.current = true;
    else if (store.errors.count > 0) land(store.errors.at(0));
    else if (isOver) land(-1, "end");
  }, [revision, isOver]);
}

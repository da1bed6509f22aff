import { useEffect, useRef } from "react";
import type { Search } from "./store/search.ts";
import type { Moves } from "./use-moves.ts";

interface TypedSearchOptions {
  readonly search: Pick<Search, "state" | "matches">;
  readonly moves: Moves;
  /** Whether a line has a row, or may get one by being revealed. */
  readonly canShow: (line: number) => boolean;
}

/**
 * Goes to the nearest match while the user types, as browsers do: the first one from where the view was when typing
 * began, else the first of all.
 *
 * @returns to be called before each change of the text, and with `false` when typing has ended.
 */
export function useTypedSearch({ search, moves, canShow }: TypedSearchOptions): (isTyping: boolean) => void {
  /** The line from which matches are looked for; `undefined`: the user does not type. */
  const from = useRef<number>(undefined);
  const isDue = useRef(false);
  // After each render, since matches arrive over time.
  useEffect(() => {
    const { state, matches } = search;
    if (!isDue.current || from.current === undefined) return;
    if (state.kind === "running" && matches.next(from.current) === -1) return;
    if (state.kind !== "running" && state.kind !== "done") isDue.current = state.kind === "bad-pattern";
    else {
      const next = matches.next(from.current);
      const found = next === -1 ? matches.at(0) : next;
      // With a filter, its row comes with the next render.
      if (found !== -1 && !canShow(found)) return;
      isDue.current = false;
      if (found !== -1) moves.jumpTo(found, "nearest");
    }
  });
  return (isTyping) => {
    if (!isTyping) from.current = undefined;
    else {
      from.current ??= moves.lineInView() - 1;
      isDue.current = true;
    }
  };
}

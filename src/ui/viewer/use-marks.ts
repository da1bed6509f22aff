import { useMemo, useState } from "react";
import { createSortedLines, type SortedLines } from "./store/sorted-lines.ts";

/** Lines that the user has marked. They last as long as the log is open. */
export interface Marks {
  readonly lines: SortedLines;
  toggle(line: number): void;
}

export function useMarks(): Marks {
  const [marked, setMarked] = useState<readonly number[]>([]);
  const lines = useMemo(() => {
    const sorted = createSortedLines();
    for (const line of marked) sorted.push(line);
    return sorted;
  }, [marked]);
  return {
    lines,
    toggle(line) {
      const others = marked.filter((each) => each !== line);
      setMarked(others.length < marked.length ? others : [...marked, line].sort((one, other) => one - other));
    },
  };
}

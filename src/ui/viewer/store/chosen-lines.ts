import type { LogStore } from "./log-store.ts";
import type { SortedLines } from "./sorted-lines.ts";

/** Which lines to filter for. */
export interface Choice {
  /** Lines that match; `undefined`: any. */
  readonly matches: SortedLines | undefined;
  /** `warn`: only errors and warnings; `error`: only errors; each error with the lines that belong to it. */
  readonly severity: "all" | "warn" | "error";
  /** Lines of context before and after each. */
  readonly context: number;
}

/** The positions of the filtered lines, in order, without lines that were evicted. */
export function chosenLines(store: LogStore, { matches, severity, context }: Choice): Uint32Array {
  const { errors, warnings, belonging } = store;
  const lists = severity === "warn" ? [errors, warnings, belonging] : [errors, belonging];
  const own = severity === "all" ? all(matches) : union(lists, matches);
  if (context === 0) return own;
  const [gapFrom, gapTo] = store.gap;
  const lines: number[] = [];
  let next = 0;
  for (const line of own) {
    const to = Math.min(store.lines, line + context + 1);
    for (let each = Math.max(next, line - context); each < to; each += 1) {
      if (each < gapFrom || each >= gapTo) lines.push(each);
    }
    next = Math.max(next, to);
  }
  return Uint32Array.from(lines);
}

function all(lines: SortedLines | undefined): Uint32Array {
  const copy = new Uint32Array(lines?.count ?? 0);
  for (let index = 0; index < copy.length; index += 1) copy[index] = lines?.at(index) ?? 0;
  return copy;
}

/** Lines in any of the lists, which have none in common, of those that match. */
function union(lists: readonly SortedLines[], within: SortedLines | undefined): Uint32Array {
  const merged = new Uint32Array(lists.reduce((sum, { count }) => sum + count, 0));
  const next = lists.map(() => 0);
  let count = 0;
  for (;;) {
    let least = -1;
    for (const [list, lines] of lists.entries()) {
      const line = lines.at(next[list] ?? 0);
      const other = least === -1 ? -1 : (lists[least]?.at(next[least] ?? 0) ?? -1);
      if (line !== -1 && (other === -1 || line < other)) least = list;
    }
    if (least === -1) return merged.slice(0, count);
    const line = lists[least]?.at(next[least] ?? 0) ?? 0;
    next[least] = (next[least] ?? 0) + 1;
    if (within === undefined || within.has(line)) merged[count++] = line;
  }
}

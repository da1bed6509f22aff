import { createGrowing } from "./growing.ts";

/** Positions of lines in ascending order, packed. */
export interface SortedLines {
  readonly count: number;
  /** The position at this index; -1 if there is none. */
  at(index: number): number;
  /** How many are before this position, which is the index of the first that is not. */
  before(line: number): number;
  /** The first one after this position; -1 if there is none. */
  next(line: number): number;
  /** The last one before this position; -1 if there is none. */
  previous(line: number): number;
  has(line: number): boolean;
  /** @param line greater than all others. */
  push(line: number): void;
  /** Removes those from one position up to another. */
  remove(from: number, to: number): void;
}

export function createSortedLines(): SortedLines {
  const lines = createGrowing(Uint32Array, 64);
  const sorted: SortedLines = {
    get count() {
      return lines.length;
    },
    at: (index) => (index >= 0 && index < lines.length ? (lines.data[index] ?? -1) : -1),
    before(line) {
      let low = 0;
      let high = lines.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((lines.data[middle] ?? 0) < line) low = middle + 1;
        else high = middle;
      }
      return low;
    },
    next: (line) => sorted.at(sorted.before(line + 1)),
    previous: (line) => sorted.at(sorted.before(line) - 1),
    has: (line) => line >= 0 && sorted.at(sorted.before(line)) === line,
    push: (line) => lines.push(line),
    remove(from, to) {
      const start = sorted.before(from);
      const end = sorted.before(to);
      if (end === start) return;
      lines.data.copyWithin(start, end, lines.length);
      lines.length -= end - start;
    },
  };
  return sorted;
}

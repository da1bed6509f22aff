import { lineHash } from "../../../client/line-hash.ts";
import { lineBytes } from "./line-text.ts";
import type { LogStore } from "./log-store.ts";

/** Lines of a log by their source's numbers, which do not depend on filters, folds or wrapping. */
export interface LineRange {
  /** The number of the first line. */
  readonly first: number;
  /** The number of the last line. */
  readonly last: number;
  /** `lineHash` of the first line's text, to detect changes. */
  readonly hash?: string;
}

/** The source's number of the line at a position; 0 if it is not kept. */
export function numberAt(store: LogStore, line: number): number {
  const placed = store.at(line);
  return placed?.block.numbers[placed.index] ?? 0;
}

/** The name of lines from one position to another, inclusive, in an address; `undefined` if they are not kept. */
export function rangeAt(store: LogStore, from: number, to: number): LineRange | undefined {
  const placed = store.at(from);
  if (placed === undefined) return undefined;
  const first = numberAt(store, from);
  const hash = lineHash(lineBytes(placed.block, placed.index));
  return { first, last: Math.max(first, numberAt(store, to)), hash };
}

/** How far from its old position a moved line is searched. */
const MOVED_WITHIN = 200;

/** The position of the nearest line with this hash; -1 if there is none nearby. */
export function lineWithHash(store: LogStore, line: number, hash: string): number {
  for (let far = 0; far <= MOVED_WITHIN; far += 1) {
    for (const each of far === 0 ? [line] : [line - far, line + far]) {
      const placed = store.at(each);
      if (placed !== undefined && lineHash(lineBytes(placed.block, placed.index)) === hash) return each;
    }
  }
  return -1;
}

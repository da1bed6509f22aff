import { lineHash } from "../../../client/line-hash.ts";
import type { LineRange } from "./line-range.ts";
import { lineBytes } from "./line-text.ts";
import type { LogStore } from "./log-store.ts";

/** The number that its source gives to the line at a position; 0 where it is not kept. */
export function numberAt(store: LogStore, line: number): number {
  const placed = store.at(line);
  return placed?.block.numbers[placed.index] ?? 0;
}

/** Lines from one position up to and with another, as an address names them; `undefined` where they are not kept. */
export function rangeAt(store: LogStore, from: number, to: number): LineRange | undefined {
  const placed = store.at(from);
  if (placed === undefined) return undefined;
  const first = numberAt(store, from);
  const hash = lineHash(lineBytes(placed.block, placed.index));
  return { first, last: Math.max(first, numberAt(store, to)), hash };
}

/** As far around its old place a line is looked for that has moved. */
const MOVED_WITHIN = 200;

/** The position of the line with this hash that is nearest to a position; -1 where there is none near it. */
export function lineWithHash(store: LogStore, line: number, hash: string): number {
  for (let far = 0; far <= MOVED_WITHIN; far += 1) {
    for (const each of far === 0 ? [line] : [line - far, line + far]) {
      const placed = store.at(each);
      if (placed !== undefined && lineHash(lineBytes(placed.block, placed.index)) === hash) return each;
    }
  }
  return -1;
}

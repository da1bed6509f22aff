import type { MatchRange } from "../store/query.ts";
import { MASK, varyingParts } from "./mask.ts";

/** A word, or the characters between words. */
interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WORDS = /\w+|[ \t]+|[^\w \t]/gu;
/** Lines with more pieces are marked as a whole. */
const MAX_PIECES = 2_000;

/**
 * The differing part of two paired lines: from the first to the last word that differs. Parts that vary from run to run
 * are ignored.
 *
 * @returns the part of each line, in UTF-16 units; `undefined` if the line has nothing that the other lacks.
 */
export function differingParts(
  left: string,
  right: string,
): readonly [left: MatchRange | undefined, right: MatchRange | undefined] {
  const one = piecesOf(left);
  const other = piecesOf(right);
  if (one.length > MAX_PIECES || other.length > MAX_PIECES) return [whole(left), whole(right)];
  const room = Math.min(one.length, other.length);
  let head = 0;
  while (head < room && one[head]?.text === other[head]?.text) head += 1;
  let tail = 0;
  while (tail < room - head && one[one.length - 1 - tail]?.text === other[other.length - 1 - tail]?.text) tail += 1;
  return [between(one, head, tail), between(other, head, tail)];
}

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  const take = (from: number, to: number): void => {
    for (const { 0: word, index } of text.slice(from, to).matchAll(WORDS)) {
      pieces.push({
        text: /^[ \t]/.test(word) ? " " : word,
        start: from + index,
        end: from + index + word.length,
      });
    }
  };
  let from = 0;
  for (const [start, end] of varyingParts(text)) {
    take(from, start);
    pieces.push({ text: MASK, start, end });
    from = end;
  }
  take(from, text.length);
  return pieces;
}

function between(pieces: readonly Piece[], head: number, tail: number): MatchRange | undefined {
  const first = pieces[head];
  const last = pieces[pieces.length - 1 - tail];
  return head + tail >= pieces.length || first === undefined || last === undefined
    ? undefined
    : [first.start, last.end];
}

function whole(text: string): MatchRange | undefined {
  return text === "" ? undefined : [0, text.length];
}

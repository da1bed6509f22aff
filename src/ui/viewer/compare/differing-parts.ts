import type { MatchRange } from "../store/query.ts";
import { MASK, varyingParts } from "./mask.ts";

/** A word, or what stands between words. */
interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WORDS = /\w+|[ \t]+|[^\w \t]/gu;
/** Lines of more pieces are marked as a whole. */
const MOST_PIECES = 2_000;

/**
 * What differs between two lines that stand beside one another: from the first word that differs to the last. What
 * varies from run to run does not count.
 *
 * @returns for each of the lines where it differs, in UTF-16 units; `undefined` where it has nothing that the other has
 * not.
 */
export function differingParts(
  left: string,
  right: string,
): readonly [left: MatchRange | undefined, right: MatchRange | undefined] {
  const one = piecesOf(left);
  const other = piecesOf(right);
  if (one.length > MOST_PIECES || other.length > MOST_PIECES) return [whole(left), whole(right)];
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

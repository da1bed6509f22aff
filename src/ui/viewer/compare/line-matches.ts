/** Consecutive lines on both sides that are pairwise equal. */
export interface Stretch {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/** A part of both sides that is not compared yet. */
interface Part {
  readonly left: number;
  readonly leftEnd: number;
  readonly right: number;
  readonly rightEnd: number;
}

/** The maximum edit distance that is tried in parts without unique lines; beyond it, lines are paired in order. */
const MAX_EDITS = 400;

/**
 * Pairs equal lines of two sides: first those at both ends, then those that each side has once ("patience diff"), and
 * so on between them. The time grows with the number of lines, not with their product.
 *
 * @param left a number for each line, from 0: the same for equal lines.
 * @param kinds the number of different numbers.
 */
export function matchLines(left: Uint32Array, right: Uint32Array, kinds: number): Stretch[] {
  const stretches: Stretch[] = [];
  const counts = { left: new Uint32Array(kinds), right: new Uint32Array(kinds), at: new Uint32Array(kinds) };
  const parts: Part[] = [{ left: 0, leftEnd: left.length, right: 0, rightEnd: right.length }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const rest = trimEnds(left, right, part, stretches);
    if (rest.left === rest.leftEnd || rest.right === rest.rightEnd) continue;
    const anchors = risingPairs(singlePairs(left, right, rest, counts));
    if (anchors.length === 0) {
      fewEdits(left, right, rest, stretches);
      continue;
    }
    let before = { left: rest.left, right: rest.right };
    for (const [at, beside] of anchors) {
      if (at > before.left && beside > before.right) parts.push({ ...before, leftEnd: at, rightEnd: beside });
      stretches.push({ left: at, right: beside, count: 1 });
      before = { left: at + 1, right: beside + 1 };
    }
    parts.push({ ...before, leftEnd: rest.leftEnd, rightEnd: rest.rightEnd });
  }
  return joined(stretches);
}

/** Trims equal lines at both ends. @returns the rest. */
function trimEnds(left: Uint32Array, right: Uint32Array, part: Part, stretches: Stretch[]): Part {
  const room = Math.min(part.leftEnd - part.left, part.rightEnd - part.right);
  let head = 0;
  while (head < room && left[part.left + head] === right[part.right + head]) head += 1;
  if (head > 0) stretches.push({ left: part.left, right: part.right, count: head });
  let tail = 0;
  while (tail < room - head && left[part.leftEnd - 1 - tail] === right[part.rightEnd - 1 - tail]) tail += 1;
  if (tail > 0) stretches.push({ left: part.leftEnd - tail, right: part.rightEnd - tail, count: tail });
  return {
    left: part.left + head,
    leftEnd: part.leftEnd - tail,
    right: part.right + head,
    rightEnd: part.rightEnd - tail,
  };
}

type Pair = readonly [left: number, right: number];

/** Lines that each side has exactly once, in the order of the left side. */
function singlePairs(
  left: Uint32Array,
  right: Uint32Array,
  part: Part,
  counts: { readonly left: Uint32Array; readonly right: Uint32Array; readonly at: Uint32Array },
): Pair[] {
  for (let at = part.left; at < part.leftEnd; at += 1)
    counts.left[left[at] as number] = counts.right[left[at] as number] = 0;
  for (let at = part.right; at < part.rightEnd; at += 1) counts.right[right[at] as number] = 0;
  for (let at = part.left; at < part.leftEnd; at += 1) {
    const kind = left[at] as number;
    counts.left[kind] = (counts.left[kind] ?? 0) + 1;
  }
  for (let at = part.right; at < part.rightEnd; at += 1) {
    const kind = right[at] as number;
    counts.right[kind] = (counts.right[kind] ?? 0) + 1;
    counts.at[kind] = at;
  }
  const pairs: Pair[] = [];
  for (let at = part.left; at < part.leftEnd; at += 1) {
    const kind = left[at] as number;
    if (counts.left[kind] === 1 && counts.right[kind] === 1) pairs.push([at, counts.at[kind] as number]);
  }
  return pairs;
}

/** The largest set of pairs that is in order on the right side too: the longest increasing subsequence. */
function risingPairs(pairs: readonly Pair[]): readonly Pair[] {
  const tops: number[] = [];
  const before = new Int32Array(pairs.length);
  for (const [index, [, right]] of pairs.entries()) {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] as number] as Pair)[1] < right) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (tops[low - 1] as number);
    tops[low] = index;
  }
  const rising: Pair[] = [];
  for (let index = tops.at(-1) ?? -1; index !== -1; index = before[index] as number) rising.push(pairs[index] as Pair);
  return rising.reverse();
}

/** Compares a part line by line (Myers) if few lines differ. */
function fewEdits(left: Uint32Array, right: Uint32Array, part: Part, stretches: Stretch[]): void {
  const wide = part.leftEnd - part.left;
  const high = part.rightEnd - part.right;
  const maxEdits = Math.min(MAX_EDITS, wide + high);
  /** For each number of edits, how far each diagonal has come on the left. */
  const trace: Int32Array[] = [];
  let came = new Int32Array(2 * maxEdits + 3);
  const middle = maxEdits + 1;
  for (let edits = 0; edits <= maxEdits; edits += 1) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = came[middle + diagonal + 1] as number;
      const over = (came[middle + diagonal - 1] as number) + 1;
      let x = diagonal === -edits || (diagonal !== edits && over <= down) ? down : over;
      let y = x - diagonal;
      while (x < wide && y < high && left[part.left + x] === right[part.right + y]) {
        x += 1;
        y += 1;
      }
      came[middle + diagonal] = x;
      if (x < wide || y < high) continue;
      trace.push(came);
      walkBack(trace, part, middle, stretches);
      return;
    }
    trace.push(came);
    came = came.slice();
  }
  for (let at = 0; at < Math.min(wide, high); at += 1) {
    if (left[part.left + at] === right[part.right + at])
      stretches.push({ left: part.left + at, right: part.right + at, count: 1 });
  }
}

/** Walks back through the edits and collects the equal lines. */
function walkBack(trace: readonly Int32Array[], part: Part, middle: number, stretches: Stretch[]): void {
  let x = part.leftEnd - part.left;
  let y = part.rightEnd - part.right;
  for (let edits = trace.length - 1; edits >= 0 && (x > 0 || y > 0); edits -= 1) {
    const diagonal = x - y;
    let fromX = 0;
    let fromY = 0;
    if (edits > 0) {
      const came = trace[edits - 1] as Int32Array;
      const down = came[middle + diagonal + 1] as number;
      const over = (came[middle + diagonal - 1] as number) + 1;
      const wasDown = diagonal === -edits || (diagonal !== edits && over <= down);
      fromX = wasDown ? down : over;
      fromY = fromX - diagonal;
      if (x > fromX) stretches.push({ left: part.left + fromX, right: part.right + fromY, count: x - fromX });
      x = wasDown ? down : over - 1;
      y = wasDown ? fromY - 1 : fromY;
    } else if (x > 0) {
      stretches.push({ left: part.left, right: part.right, count: x });
      x = y = 0;
    }
  }
}

/** Sorts stretches and joins adjacent ones. */
function joined(stretches: Stretch[]): Stretch[] {
  stretches.sort((one, other) => one.left - other.left);
  const whole: Stretch[] = [];
  for (const stretch of stretches) {
    const last = whole.at(-1);
    if (last !== undefined && last.left + last.count === stretch.left && last.right + last.count === stretch.right)
      whole[whole.length - 1] = { ...last, count: last.count + stretch.count };
    else whole.push(stretch);
  }
  return whole;
}

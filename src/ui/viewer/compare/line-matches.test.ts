import fc from "fast-check";
import { expect, it } from "vitest";
import { matchLines } from "./line-matches.ts";

const KINDS = 40;
const lines = (kinds: number, maxLength: number) => fc.array(fc.nat(kinds - 1), { maxLength });
const match = (left: readonly number[], right: readonly number[], kinds = KINDS) =>
  matchLines(Uint32Array.from(left), Uint32Array.from(right), kinds);
const matched = (left: readonly number[], right: readonly number[]): number =>
  match(left, right).reduce((sum, { count }) => sum + count, 0);

/** The maximum number of lines that can be paired with an equal one. */
function longestCommon(left: readonly number[], right: readonly number[]): number {
  let row = new Array<number>(right.length + 1).fill(0);
  for (const one of left) {
    const next = [0];
    for (const [at, other] of right.entries())
      next.push(one === other ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}

it("pairs only equal lines, each once and in order, in the longest stretches possible", () => {
  fc.assert(
    fc.property(lines(KINDS, 80), lines(KINDS, 80), (left, right) => {
      let [leftEnd, rightEnd] = [0, 0];
      for (const [index, stretch] of match(left, right).entries()) {
        expect(stretch.count).toBeGreaterThan(0);
        if (index > 0 && stretch.left === leftEnd) expect(stretch.right).toBeGreaterThan(rightEnd);
        expect(stretch.left).toBeGreaterThanOrEqual(leftEnd);
        expect(stretch.right).toBeGreaterThanOrEqual(rightEnd);
        for (let at = 0; at < stretch.count; at += 1) expect(left[stretch.left + at]).toBe(right[stretch.right + at]);
        leftEnd = stretch.left + stretch.count;
        rightEnd = stretch.right + stretch.count;
      }
      expect(leftEnd).toBeLessThanOrEqual(left.length);
      expect(rightEnd).toBeLessThanOrEqual(right.length);
    }),
    { numRuns: 500 },
  );
});

it("finds as many pairs as possible if no line is unique", () => {
  const twice = (few: readonly number[]) => [...few, ...few];
  fc.assert(
    fc.property(lines(3, 20), lines(3, 20), (left, right) => {
      // A line that occurs twice on both sides is not an anchor.
      const one = [1, 2, 0, ...twice(left), 0, 1, 2];
      const other = [2, 1, 0, ...twice(right), 1, 0, 2];
      expect(matched(one, other)).toBe(longestCommon(one, other));
    }),
    { numRuns: 300 },
  );
});

it("finds exactly the lines that were inserted or removed", () => {
  const long = Array.from({ length: 200 }, (_, at) => at % 30);
  fc.assert(
    fc.property(fc.nat(199), fc.nat(199), (out, put) => {
      const other = long.filter((_, at) => at !== out);
      other.splice(put, 0, 39);
      expect(matched(long, other)).toBe(199);
    }),
  );
});

it("takes equal logs for one stretch, and pairs nothing with an empty log", () => {
  expect(match([1, 2, 2, 3], [1, 2, 2, 3])).toEqual([{ left: 0, right: 0, count: 4 }]);
  expect(match([], [1])).toEqual([]);
  expect(match([1], [])).toEqual([]);
  expect(match([1, 2], [3, 4])).toEqual([]);
});

it("pairs lines in order if too much differs", () => {
  // Only two kinds of lines, thousands of them out of step.
  const [left = [], right = []] = fc.sample(fc.array(fc.nat(1), { minLength: 20_000, maxLength: 20_000 }), {
    numRuns: 2,
    seed: 1,
  });
  const stretches = match(left, right, 2);
  const beside = stretches.filter((stretch) => stretch.left === stretch.right);
  expect(beside.length).toBeGreaterThan(1_000);
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { createCompareStation, type Side } from "./compare-task.ts";
import { createPairs, type Pairs } from "./pairs.ts";

/** Compares two logs as the worker does. */
function compare(left: readonly string[], right: readonly string[]): Pairs {
  const station = createCompareStation();
  for (const [side, lines] of Object.entries({ left, right })) {
    for (const line of lines)
      station({ kind: "lines", side: side as Side, text: new TextEncoder().encode(`${line}\n`) });
  }
  const compared = station({ kind: "compare" });
  if (compared.kind !== "compared") throw new Error("Nothing came of it.");
  return createPairs(compared, left.length, right.length);
}

/** Each pair as text: `=` if equal, `!` if not; the line number on each side, `-` for none. */
function drawn(pairs: Pairs): string[] {
  return Array.from({ length: pairs.count }, (_, pair) => {
    const { left, right, isEqual } = pairs.at(pair);
    return `${isEqual ? "=" : "!"} ${left < 0 ? "-" : left} ${right < 0 ? "-" : right}`;
  });
}

it("pairs equal lines, and others with nothing or with the lines at their position", () => {
  const pairs = compare(
    ["14:03:55 begin", "a", "b", "c", "14:03:59 end"],
    ["15:00:00 begin", "a", "x", "y", "c", "15:00:09 end"],
  );
  expect(drawn(pairs)).toEqual(["= 0 0", "= 1 1", "! 2 2", "! - 3", "= 3 4", "= 4 5"]);
  expect(Array.from({ length: pairs.differences.count }, (_, at) => pairs.differences.at(at))).toEqual([2]);
  expect(pairs.equal).toEqual([
    [0, 2],
    [4, 6],
  ]);
});

it("treats lines as equal that differ only in varying parts and in blanks", () => {
  const pairs = compare(["GET /  200   38 ms", "\tdone"], ["GET / 200  138 ms", "  done"]);
  expect(drawn(pairs)).toEqual(["= 0 0", "= 1 1"]);
  expect(drawn(compare(["a b"], ["ab"]))).toEqual(["! 0 0"]);
});

it("pairs lines of logs that have nothing in common by the time since their beginning", () => {
  const pairs = compare(
    ["14:00:00 one", "14:00:05 two", "14:00:09 three"],
    ["09:00:00 alpha", "no time", "09:00:05 beta", "09:00:30 gamma"],
  );
  expect(drawn(pairs)).toEqual(["! 0 0", "! - 1", "! 1 2", "! 2 3"]);
  expect(pairs.differences.count).toBe(1);
});

it("needs no times once a line is on both sides", () => {
  const station = createCompareStation();
  const text = (words: string) => new TextEncoder().encode(`14:00:00 ${words}\n`);
  station({ kind: "lines", side: "left", text: text("same") });
  station({ kind: "lines", side: "right", text: text("same") });
  station({ kind: "lines", side: "right", text: text("other") });
  expect(station({ kind: "compare" })).toEqual({
    kind: "compared",
    equal: [{ left: 0, right: 0, count: 1 }],
    beside: [],
  });
});

it("pairs lines in order if there are no times either", () => {
  expect(drawn(compare(["one", "two"], ["alpha", "beta", "gamma"]))).toEqual(["! 0 0", "! 1 1", "! - 2"]);
  expect(drawn(compare([], []))).toEqual([]);
  expect(drawn(compare([], ["one"]))).toEqual(["! - 0"]);
});

it("contains every line of both sides once, in order, and finds each", () => {
  const log = fc.array(fc.constantFrom("a", "b", "c", "d", "14:00:00 e", "14:00:07 f"), { maxLength: 30 });
  fc.assert(
    fc.property(log, log, (left, right) => {
      const pairs = compare(left, right);
      const all = Array.from({ length: pairs.count }, (_, pair) => pairs.at(pair));
      expect(all.flatMap((pair) => (pair.left < 0 ? [] : [pair.left]))).toEqual([...left.keys()]);
      expect(all.flatMap((pair) => (pair.right < 0 ? [] : [pair.right]))).toEqual([...right.keys()]);
      for (const [at, pair] of all.entries()) {
        expect(pair.left < 0 && pair.right < 0).toBe(false);
        if (pair.left >= 0) expect(pairs.ofLeft(pair.left)).toBe(at);
        if (pair.right >= 0) expect(pairs.ofRight(pair.right)).toBe(at);
        expect(pairs.ofLeft(left.length + 3)).toBe(pairs.count - 1);
        expect(pairs.ofRight(right.length + 3)).toBe(pairs.count - 1);
        if (pair.isEqual) expect(left[pair.left]).toBe(right[pair.right]);
      }
    }),
    { numRuns: 300 },
  );
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { differingParts } from "./differing-parts.ts";

const parts = (left: string, right: string) =>
  differingParts(left, right).map((range, side) => range && (side === 0 ? left : right).slice(...range));

it.each([
  ["expected HTTP 200, got HTTP 503", "expected HTTP 200, got HTTP 404", ["503", "404"]],
  ["Entry can be found      | FAIL |", "Entry can be found  | PASS |", ["FAIL", "PASS"]],
  ["14:03:55 retry 1 in 38 ms", "15:04:01 retry 2 in 412 ms", ["1", "2"]],
  ["one one", "one", [" one", undefined]],
  ["retry", "retry again", [undefined, " again"]],
  ["14:03:55 up", "15:04:01 up", [undefined, undefined]],
  ["", "new", [undefined, "new"]],
])("marks the differing parts of %j and %j", (left, right, wanted) => {
  expect(parts(left, right)).toEqual(wanted);
});

it("marks nothing for equal lines, and never more than the line", () => {
  const line = fc.string({ unit: fc.constantFrom(..."ab 1:.é👍"), maxLength: 30 });
  fc.assert(
    fc.property(line, line, (left, right) => {
      expect(differingParts(left, left)).toEqual([undefined, undefined]);
      for (const [range, text] of [
        [differingParts(left, right)[0], left],
        [differingParts(left, right)[1], right],
      ] as const) {
        if (range === undefined) continue;
        expect(range[0]).toBeLessThan(range[1]);
        expect(range[1]).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});

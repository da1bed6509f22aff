import { expect, it } from "vitest";
import { storeOf } from "../../../../test/fakes/blocks.ts";
import { lineWithHash, numberAt, rangeAt } from "./line-names.ts";

it("finds the line of a link by its text if it has moved a little", () => {
  const before = storeOf("a\nb\nthe line\nd");
  const named = rangeAt(before, 2, 3);
  expect(named).toMatchObject({ first: 3, last: 4 });
  const hash = named?.hash ?? "";
  expect(lineWithHash(before, 2, hash)).toBe(2);
  const after = storeOf(`${"new\n".repeat(50)}a\nb\nthe line\nd`);
  expect(numberAt(after, lineWithHash(after, 2, hash))).toBe(53);
  expect(lineWithHash(storeOf(`${"new\n".repeat(500)}the line`), 2, hash)).toBe(-1);
  expect(rangeAt(before, 9, 9)).toBeUndefined();
});

import { expect, it } from "vitest";
import { createSortedLines } from "./sorted-lines.ts";

it("has only lines that were added, and never the position that means none", () => {
  const lines = createSortedLines();
  expect(lines.has(-1)).toBe(false);
  for (const line of [0, 3, 7]) lines.push(line);
  expect([-1, 0, 1, 3, 7, 8].filter((line) => lines.has(line))).toEqual([0, 3, 7]);
});

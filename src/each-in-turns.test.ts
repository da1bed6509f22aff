import { expect, it } from "vitest";
import { eachInTurns } from "./each-in-turns.ts";

it("lets others run between objects, in whose order they are", async () => {
  const seen: number[] = [];
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const objects = Array.from({ length: 100 }, (_, index) => index);
  await eachInTurns(objects, (object) => seen.push(object));
  isOver = true;
  expect(seen).toEqual(objects);
  expect(turns).toBeGreaterThanOrEqual(20);
});

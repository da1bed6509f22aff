import { expect, it } from "vitest";
import { KeyedCounter } from "./keyed-counter.ts";

it("counts what is open by key and in total, and takes each away once", () => {
  const counter = new KeyedCounter();
  const [first, second] = [counter.add("a"), counter.add("a")];
  counter.add("b");
  expect([counter.of("a"), counter.of("b"), counter.of("c"), counter.total]).toEqual([2, 1, 0, 3]);
  first();
  first();
  expect([counter.of("a"), counter.total]).toEqual([1, 2]);
  second();
  expect([counter.of("a"), counter.total]).toEqual([0, 1]);
});

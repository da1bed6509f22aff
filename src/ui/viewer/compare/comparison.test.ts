import { expect, it } from "vitest";
import { blocksOf } from "../../../../test/fakes/blocks.ts";
import { fakeTimer } from "../../../../test/fakes/timers.ts";
import { createLogStore } from "../store/log-store.ts";
import { type CompareAnswer, type CompareTask, createCompareStation } from "./compare-task.ts";
import { createComparison } from "./comparison.ts";

/** A comparison of two logs, whose tasks wait until the test runs them. */
function compareTwo(memory = Number.POSITIVE_INFINITY) {
  const [left, right] = [createLogStore(memory), createLogStore(memory)];
  const { timer, passLong } = fakeTimer(30_000);
  const tasks: CompareTask[] = [];
  let answer: (answer: CompareAnswer) => void = () => {};
  let isEnded = false;
  let changes = 0;
  const comparison = createComparison({
    left,
    right,
    openPort(take) {
      answer = take;
      return {
        post: (task) => void tasks.push(task),
        end: () => {
          isEnded = true;
        },
      };
    },
    timer,
    changed: () => {
      changes += 1;
    },
  });
  const station = createCompareStation();
  return {
    comparison,
    left,
    right,
    tasks,
    passLong,
    get isEnded() {
      return isEnded;
    },
    get changes() {
      return changes;
    },
    /** Runs tasks one by one, including those that they lead to. */
    work(max = Number.POSITIVE_INFINITY) {
      for (let done = 0; done < max; done += 1) {
        const task = tasks.shift();
        if (task === undefined) return;
        answer(station(task));
      }
    },
  };
}

const lines = (count: number, word: string): string =>
  Array.from({ length: count }, (_, line) => `${word} ${line} ${"x".repeat(200)}`).join("\n");

it("sends lines as they arrive, compares at the end of both logs, and ends the worker", () => {
  const two = compareTwo();
  const { comparison, left, right } = two;
  for (const block of blocksOf("a\nb\nc")) left.append(block);
  comparison.update(false);
  two.work();
  expect([comparison.state.kind, two.isEnded]).toEqual(["reading", false]);
  for (const block of blocksOf("a\nc")) right.append(block);
  comparison.update(true);
  expect(comparison.state.kind).toBe("comparing");
  two.work();
  expect(two.isEnded).toBe(true);
  if (comparison.state.kind !== "done") throw new Error("It has not been compared.");
  const { pairs } = comparison.state;
  expect(Array.from({ length: pairs.count }, (_, at) => pairs.at(at))).toEqual([
    { left: 0, right: 0, isEqual: true },
    { left: 1, right: -1, isEqual: false },
    { left: 2, right: 1, isEqual: true },
  ]);
  expect(two.changes).toBe(2);
});

it("has few tasks in flight, however long the logs are", () => {
  const two = compareTwo();
  for (let each = 0; each < 30; each += 1) {
    for (const block of blocksOf(lines(500, `left ${each}`))) two.left.append(block);
    for (const block of blocksOf(lines(500, `right ${each}`))) two.right.append(block);
  }
  two.comparison.update(true);
  for (let step = 0; step < 40; step += 1) {
    expect(two.tasks.length).toBeLessThanOrEqual(8);
    two.work(1);
  }
  two.work();
  if (two.comparison.state.kind !== "done") throw new Error("It has not been compared.");
  expect(two.comparison.state.pairs.count).toBe(15_000);
});

it("keeps the positions of evicted lines, which equal no line", () => {
  const two = compareTwo(1_500_000);
  for (let each = 0; each < 20; each += 1) {
    for (const block of blocksOf(lines(1_000, `same ${each}`))) {
      two.left.append(block);
      two.right.append(block);
    }
  }
  const [from, to] = two.left.gap;
  expect(to).toBeGreaterThan(from);
  two.comparison.update(true);
  two.work();
  if (two.comparison.state.kind !== "done") throw new Error("It has not been compared.");
  const { pairs } = two.comparison.state;
  expect([pairs.at(0), pairs.at(pairs.count - 1)]).toEqual([
    { left: 0, right: 0, isEqual: true },
    { left: 19_999, right: 19_999, isEqual: true },
  ]);
  expect(pairs.equal).toEqual([
    [0, from],
    [to, 20_000],
  ]);
});

it("gives up a comparison that takes too long, and kills the worker", () => {
  const two = compareTwo();
  for (const block of blocksOf("a")) two.left.append(block);
  two.comparison.update(true);
  two.passLong();
  expect([two.comparison.state.kind, two.isEnded]).toEqual(["too-slow", true]);
  two.work();
  expect(two.comparison.state.kind).toBe("too-slow");
});

it("reports nothing after it is closed", () => {
  const two = compareTwo();
  for (const block of blocksOf("a")) two.left.append(block);
  two.comparison.update(true);
  const { changes } = two;
  two.comparison.close();
  two.work();
  two.passLong();
  expect([two.changes, two.isEnded]).toEqual([changes, true]);
});

import { describe, expect, it } from "vitest";
import { storeOf } from "../../../../test/fakes/blocks.ts";
import { chosenLines } from "./chosen-lines.ts";
import { foldsOf } from "./folds.ts";
import { createIngest } from "./ingest.ts";
import { createLogStore, type LogStore } from "./log-store.ts";
import { createStyleTable } from "./style.ts";

const STACK = [
  "10:00:01 INFO started",
  "10:00:02 ERROR no stock",
  "a.b.StateException: no stock",
  ...Array.from({ length: 5 }, (_, at) => `\tat a.B.c${at}(B.java:${at})`),
  "Caused by: a.b.IoException: closed",
  ...Array.from({ length: 4 }, (_, at) => `\tat a.D.e${at}(D.java:${at})`),
  "10:00:03 WARN slow",
  "  still slow",
  "done",
];

/** A log that arrives in pieces, each of which becomes lines at once. */
function storeInPieces(pieces: readonly (readonly [text: string, source: number])[]): LogStore {
  const ingest = createIngest(createStyleTable());
  const store = createLogStore(Number.POSITIVE_INFINITY);
  for (const [text, source] of pieces) {
    ingest.push(new TextEncoder().encode(text), 0, source);
    for (const block of ingest.take(true)) store.append(block);
  }
  ingest.end();
  for (const block of ingest.take(true)) store.append(block);
  return store;
}

function stacksIn(store: LogStore): (readonly [head: number, end: number])[] {
  return foldsOf(store.marks, store.lines)
    .filter(({ isStack }) => isStack)
    .map(({ head, end }) => [head, end] as const);
}

describe("errors and what belongs to them", () => {
  const lines = (store: LogStore, severity: "warn" | "error") => [
    ...chosenLines(store, { matches: undefined, severity, context: 0 }),
  ];

  it("stay together where only errors, or also warnings, are shown", () => {
    const store = storeOf(STACK.join("\n"));
    const error = Array.from({ length: 12 }, (_, at) => at + 1);
    expect(lines(store, "error")).toEqual(error);
    expect(lines(store, "warn")).toEqual([...error, 13]);
    expect([store.errors.count, store.warnings.count]).toEqual([1, 1]);
  });

  it("are the same however the log arrives", () => {
    const store = storeInPieces(STACK.map((line) => [`${line}\n`, 0] as const));
    expect(lines(store, "error")).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    expect(stacksIn(store)).toEqual(stacksIn(storeOf(STACK.join("\n"))));
  });

  it("are of one container, whatever others write in between", () => {
    const store = storeInPieces([
      ["ERROR a\n", 0],
      ["  of another\n", 1],
      ["  of a\n", 0],
    ]);
    expect(lines(store, "error")).toEqual([0, 2]);
  });
});

describe("stack traces", () => {
  it("fold under the line before their frames, so that each message stays visible", () => {
    expect(stacksIn(storeOf(STACK.join("\n")))).toEqual([
      [2, 8],
      [8, 13],
    ]);
  });

  it("of Python fold under their first line", () => {
    const text =
      'Traceback (most recent call last):\n  File "a.py", line 1\n    a()\n  File "b.py", line 2\nValueError: no\n';
    expect(stacksIn(storeOf(text))).toEqual([[0, 4]]);
  });

  it("of few frames do not fold", () => {
    expect(stacksIn(storeOf("Error: no\n    at a (a.js:1:1)\n    at b (b.js:2:2)\n"))).toEqual([]);
  });
});

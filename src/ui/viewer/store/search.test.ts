import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksOf, linesOf, storeOf } from "../../../../test/fakes/blocks.ts";
import { fakeTimer } from "../../../../test/fakes/timers.ts";
import type { LogStore } from "./log-store.ts";
import { answerPattern, type PatternAnswer, type PatternTask } from "./pattern-task.ts";
import { compileQuery, matchRanges } from "./query.ts";
import { createSearch, SLOW_MS } from "./search.ts";

/** A search whose scheduling and answers a test controls. */
function scripted(store: LogStore) {
  const turns: (() => void)[] = [];
  const tasks: PatternTask[] = [];
  const { timer, passLong } = fakeTimer(SLOW_MS);
  let answer: ((answer: PatternAnswer) => void) | undefined;
  let ended = 0;
  let time = 0;
  const search = createSearch({
    store,
    soon: (call) => void turns.push(call),
    now: () => (time += 3),
    timer,
    changed: () => {},
    openPort(give) {
      answer = give;
      const end = (): void => {
        ended += 1;
      };
      return { post: (task) => void tasks.push(task), end };
    },
  });
  return {
    search,
    turns,
    tasks,
    passLong,
    ended: () => ended,
    /** Runs callbacks and answers until nothing is left. */
    finish() {
      for (;;) {
        const turn = turns.shift();
        if (turn !== undefined) turn();
        else {
          const task = tasks.shift();
          if (task === undefined) return;
          answer?.(answerPattern(task));
        }
      }
    },
  };
}

function found(search: { matches: { count: number; at(index: number): number } }): number[] {
  return Array.from({ length: search.matches.count }, (_, index) => search.matches.at(index));
}

const ESCAPED = { q: "a.c", re: false, ci: false };

describe("a text", () => {
  it("is found once in each line that contains it, whatever its characters", () => {
    const { search, finish } = scripted(storeOf("a.c a.c\nabc\nÄ漢 a.c\nA.C"));
    search.set(ESCAPED);
    expect(search.state).toEqual({ kind: "running" });
    finish();
    expect([found(search), search.state]).toEqual([[0, 2], { kind: "done" }]);
    search.set({ ...ESCAPED, ci: true });
    finish();
    expect(found(search)).toEqual([0, 2, 3]);
  });

  it("is found exactly in the lines that contain it", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "ä", "漢", "\n"), maxLength: 200 });
    fc.assert(
      fc.property(text, fc.constantFrom("a", "ab", ".", "ä", "漢a"), (log, q) => {
        const store = storeOf(log);
        const { search, finish } = scripted(store);
        search.set({ q, re: false, ci: false });
        finish();
        expect(found(search)).toEqual(linesOf(store).flatMap((line, index) => (line.includes(q) ? [index] : [])));
      }),
    );
  });

  it("is searched in later lines too, without blocking the page", () => {
    const store = storeOf("");
    for (let each = 0; each < 8; each += 1) for (const block of blocksOf("a.c\n".repeat(20_000))) store.append(block);
    const { search, turns, finish } = scripted(store);
    search.set(ESCAPED);
    turns.shift()?.();
    expect(search.state.kind).toBe("running");
    expect(search.matches.count).toBeGreaterThan(0);
    expect(search.matches.count).toBeLessThan(160_000);
    expect(search.searched).toBeLessThan(160_000);
    finish();
    expect([search.matches.count, search.searched]).toEqual([160_000, 160_000]);
    for (const block of blocksOf("no\na.c")) store.append(block);
    search.resume();
    finish();
    expect(search.matches.at(160_000)).toBe(160_001);
  });

  it("is replaced by another query", () => {
    const { search, finish } = scripted(storeOf("a\nb"));
    search.set({ q: "a", re: false, ci: false });
    search.set({ q: "b", re: false, ci: false });
    finish();
    expect(found(search)).toEqual([1]);
    search.set({ q: "", re: false, ci: false });
    expect([search.state, search.matches.count]).toEqual([{ kind: "none" }, 0]);
  });
});

describe("a regular expression", () => {
  it("runs in a worker, line by line", () => {
    const { search, finish } = scripted(storeOf("one\ntwo\nthree\ntwo"));
    search.set({ q: "^t[^x]+o$", re: true, ci: false });
    finish();
    expect([found(search), search.state]).toEqual([[1, 3], { kind: "done" }]);
  });

  it("reports a syntax error", () => {
    const { search, tasks } = scripted(storeOf("one"));
    search.set({ q: "(", re: true, ci: false });
    expect(search.state).toMatchObject({ kind: "bad-pattern", message: expect.stringContaining("(") });
    expect(tasks).toEqual([]);
  });

  it("that is half typed changes nothing but the state", () => {
    const { search, finish } = scripted(storeOf("one\ntwo\ntoo"));
    search.set({ q: "t.o", re: true, ci: false });
    search.set({ q: "t.o(", re: true, ci: false });
    finish();
    expect([found(search), search.state.kind]).toEqual([[1, 2], "bad-pattern"]);
    search.set({ q: "t.o", re: true, ci: false });
    expect([found(search), search.state]).toEqual([[1, 2], { kind: "done" }]);
    search.set({ q: "t.o(", re: true, ci: false });
    search.set({ q: "", re: true, ci: false });
    expect([found(search), search.state]).toEqual([[], { kind: "none" }]);
  });

  it("that does not end is killed and reported as too slow", () => {
    const { search, turns, passLong, ended } = scripted(storeOf("a".repeat(40)));
    search.set({ q: "(a+)+$b", re: true, ci: false });
    turns.shift()?.();
    passLong();
    expect([search.state, ended()]).toEqual([{ kind: "too-slow" }, 1]);
    expect(search.rangesIn("aaa")).toEqual([]);
  });

  it("never runs on the page", () => {
    const { search, tasks, finish } = scripted(storeOf("one two"));
    search.set({ q: "t.o", re: true, ci: false });
    finish();
    expect(search.rangesIn("one two")).toEqual([]);
    finish();
    expect(search.rangesIn("one two")).toEqual([[4, 7]]);
    expect(tasks).toEqual([]);
  });
});

it("does not mark empty matches", () => {
  expect(matchRanges("aab", compileQuery({ q: "b*", re: true, ci: false }))).toEqual([[2, 3]]);
});

import { describe, expect, it } from "vitest";
import { createWaits } from "../test/fakes/waits.ts";
import { whenQuiet } from "./quiet.ts";

/** A source that gives what a test pushes. */
function createSource() {
  const given: (IteratorResult<string> | Error)[] = [];
  let told = (): void => {};
  let closed = false;
  const push = (each: IteratorResult<string> | Error): void => {
    given.push(each);
    told();
  };
  return {
    push: (value: string) => push({ value, done: false }),
    end: () => push({ value: undefined, done: true }),
    fail: (error: Error) => push(error),
    get closed() {
      return closed;
    },
    source: {
      [Symbol.asyncIterator]: () => ({
        async next(): Promise<IteratorResult<string>> {
          while (given.length === 0)
            await new Promise<void>((resolve) => {
              told = resolve;
            });
          const each = given.shift();
          if (each instanceof Error) throw each;
          return each ?? { value: undefined, done: true };
        },
        async return(): Promise<IteratorResult<string>> {
          closed = true;
          return { value: undefined, done: true };
        },
      }),
    },
  };
}

/** A source that is told to be quiet by `told`, with the waits of a test. */
function world(told: IteratorResult<string, undefined> = { done: false, value: "quiet" }, firstMs?: number) {
  const waits = createWaits();
  const made = createSource();
  const first = firstMs === undefined ? {} : { firstMs };
  const values = whenQuiet(made.source, { mostMs: 15_000, told, wait: waits.wait, ...first });
  const tick = async (): Promise<void> => {
    await waits.until(isTick);
    waits.pass(isTick);
    await waits.until(isTick);
  };
  return { waits, made, values, tick };
}

const isTick = (ms: number): boolean => ms === 5_000;
const isFirst = (ms: number): boolean => ms === 500;
const END: IteratorResult<string, undefined> = { done: true, value: undefined };

/** Whether a promise has settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const settle = (): void => {
    done = true;
  };
  promise.then(settle, settle);
  await new Promise<void>((resolve) => setImmediate(resolve));
  return done;
}

describe("a source whose quiet is told", () => {
  it("is passed on to its end, and leaves no timer", async () => {
    const { waits, made, values } = world();
    made.push("one");
    made.push("two");
    made.end();
    const read: string[] = [];
    for await (const value of values) read.push(value);
    expect(read).toEqual(["one", "two"]);
    await waits.untilNone();
    expect(await values.next()).toEqual(END);
  });

  it("is quiet once nothing came through three ticks of one timer, again and again", async () => {
    const { waits, values, tick } = world();
    for (let time = 0; time < 2; time += 1) {
      const next = values.next();
      await tick();
      await tick();
      expect(await isDone(next)).toBe(false);
      await tick();
      expect(await next).toEqual({ done: false, value: "quiet" });
      expect(waits.pending).toEqual([5_000]);
    }
  });

  it("is not quiet while values come, nor while nobody reads", async () => {
    const { made, values, tick } = world();
    for (let time = 0; time < 3; time += 1) {
      const next = values.next();
      await tick();
      await tick();
      made.push("line");
      expect((await next).value).toBe("line");
      await tick();
      await tick();
    }
  });

  it("is told to be late where the first value does not come at once", async () => {
    const { waits, made, values } = world({ done: false, value: "quiet" }, 500);
    const next = values.next();
    await waits.until(isFirst);
    waits.pass(isFirst);
    expect((await next).value).toBe("quiet");
    made.push("one");
    expect((await values.next()).value).toBe("one");
  });

  it("is not told to be late where it came", async () => {
    const { waits, made, values } = world({ done: false, value: "quiet" }, 500);
    made.push("one");
    await values.next();
    await waits.until(isTick);
    expect(waits.pending).toEqual([5_000]);
  });

  it("loses nothing that comes while its quiet is told", async () => {
    const { made, values, tick } = world();
    const next = values.next();
    for (let time = 0; time < 3; time += 1) await tick();
    expect((await next).value).toBe("quiet");
    made.push("one");
    made.push("two");
    await isDone(next);
    expect((await values.next()).value).toBe("one");
    expect((await values.next()).value).toBe("two");
  });

  it("is left where its quiet is the end, though its read goes on", async () => {
    const { waits, made, values } = world(END);
    const next = values.next();
    for (let time = 0; time < 3; time += 1) {
      await waits.until(isTick);
      waits.pass(isTick);
    }
    expect(await next).toEqual(END);
    expect(made.closed).toBe(true);
    await waits.untilNone();
    made.push("late");
    expect(await values.next()).toEqual(END);
  });

  it("fails as the source does, also while its quiet is told, and leaves no timer", async () => {
    for (const isTold of [false, true]) {
      const { waits, made, values, tick } = world();
      let next = values.next();
      for (let time = 0; isTold && time < 3; time += 1) await tick();
      if (isTold) await next;
      made.fail(new Error("gone"));
      if (isTold) await isDone(next);
      if (isTold) next = values.next();
      await expect(next).rejects.toThrow("gone");
      await waits.untilNone();
      expect(await values.next()).toEqual(END);
    }
  });

  it("closes its source when its reader leaves, also in a read that never ends", async () => {
    for (const reads of [false, true]) {
      const { waits, made, values, tick } = world();
      const next = values.next();
      if (reads) for (let time = 0; time < 3; time += 1) await tick();
      else made.push("one");
      await next;
      const after = reads ? values.next() : undefined;
      await values.return?.();
      expect(await (after ?? values.next())).toEqual(END);
      expect(made.closed).toBe(true);
      await waits.untilNone();
    }
  });
});

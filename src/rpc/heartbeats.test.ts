import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import { withHeartbeats } from "./heartbeats.ts";

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

const isFirst = (ms: number): boolean => ms === 500;
const isLater = (ms: number): boolean => ms === 15_000;

describe("a stream with heartbeats", () => {
  it("has one after half a second in which it has nothing to say, and then every 15 seconds", async () => {
    const waits = createWaits();
    const { source, push, end } = createSource();
    const beating = withHeartbeats(source, "beat", waits.wait);
    for (const isDue of [isFirst, isLater, isLater]) {
      const next = beating.next();
      await waits.until(isDue);
      expect(waits.pending).toHaveLength(1);
      waits.pass(isDue);
      expect((await next).value).toBe("beat");
    }
    const next = beating.next();
    push("line");
    expect((await next).value).toBe("line");
    end();
    expect((await beating.next()).done).toBe(true);
    await waits.untilNone();
  });

  it("loses nothing that comes while a heartbeat is sent", async () => {
    const waits = createWaits();
    const { source, push } = createSource();
    const beating = withHeartbeats(source, "beat", waits.wait);
    const first = beating.next();
    await waits.until(isFirst);
    waits.pass(isFirst);
    expect((await first).value).toBe("beat");
    push("one");
    push("two");
    expect((await beating.next()).value).toBe("one");
    expect((await beating.next()).value).toBe("two");
  });

  it("counts 15 seconds from each message on", async () => {
    const waits = createWaits();
    const { source, push } = createSource();
    const beating = withHeartbeats(source, "beat", waits.wait);
    push("one");
    expect((await beating.next()).value).toBe("one");
    await waits.untilNone();
    const next = beating.next();
    await waits.until(isLater);
    expect(waits.pending).toEqual([15_000]);
    waits.pass(isLater);
    expect((await next).value).toBe("beat");
  });

  it("fails as its source does", async () => {
    const waits = createWaits();
    const { source, fail } = createSource();
    const beating = withHeartbeats(source, "beat", waits.wait);
    const next = beating.next();
    fail(new Error("gone"));
    await expect(next).rejects.toThrow("gone");
    await waits.untilNone();
  });

  it("closes its source when its reader leaves, also while it waits for a read that never comes", async () => {
    const waits = createWaits();
    const made = createSource();
    const beating = withHeartbeats(made.source, "beat", waits.wait);
    const first = beating.next();
    await waits.until(isFirst);
    waits.pass(isFirst);
    await first;
    await beating.return();
    expect(made.closed).toBe(true);
    await waits.untilNone();
  });
});

import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import { withHeartbeats } from "./heartbeats.ts";

/** A source that yields what a test pushes. */
function createSource() {
  const pushed: (IteratorResult<string> | Error)[] = [];
  let wake = (): void => {};
  let closed = false;
  const push = (each: IteratorResult<string> | Error): void => {
    pushed.push(each);
    wake();
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
          while (pushed.length === 0)
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          const each = pushed.shift();
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

/** A stream with heartbeats, and the sleeps of a test. */
function world() {
  const waits = createWaits();
  const made = createSource();
  const values = withHeartbeats(made.source, "heartbeat", waits.wait);
  const pass = async (ms: number): Promise<void> => {
    await waits.until((each) => each === ms);
    waits.pass((each) => each === ms);
  };
  return { waits, made, values, pass };
}

describe("a stream with heartbeats", () => {
  it("passes its source on to the end, and leaves no timer", async () => {
    const { waits, made, values } = world();
    made.push("one");
    made.push("two");
    made.end();
    const read: string[] = [];
    for await (const value of values) read.push(value);
    expect(read).toEqual(["one", "two"]);
    expect(waits.pending).toEqual([]);
    expect(made.closed).toBe(true);
  });

  it("sends the first heartbeat after 500 ms, and one for each 15 s of silence", async () => {
    const { waits, values, pass } = world();
    for (const ms of [500, 15_000, 15_000]) {
      const next = values.next();
      await pass(ms);
      expect(await next).toEqual({ done: false, value: "heartbeat" });
      expect(waits.pending).toEqual([]);
    }
  });

  it("measures each silence from the last message on, and only while it is read", async () => {
    const { waits, made, values } = world();
    made.push("one");
    expect((await values.next()).value).toBe("one");
    expect(waits.pending).toEqual([]);
    const next = values.next();
    await waits.until((ms) => ms === 15_000);
    made.push("two");
    expect((await next).value).toBe("two");
    expect(waits.pending).toEqual([]);
  });

  it("loses nothing that comes during a heartbeat", async () => {
    const { made, values, pass } = world();
    const next = values.next();
    await pass(500);
    expect((await next).value).toBe("heartbeat");
    made.push("one");
    made.push("two");
    expect((await values.next()).value).toBe("one");
    expect((await values.next()).value).toBe("two");
  });

  it.each([false, true])("fails as its source does, after a heartbeat: %s", async (afterHeartbeat) => {
    const { waits, made, values, pass } = world();
    if (afterHeartbeat) {
      const next = values.next();
      await pass(500);
      await next;
    }
    made.fail(new Error("gone"));
    await new Promise<void>((resolve) => setImmediate(resolve));
    await expect(values.next()).rejects.toThrow("gone");
    expect(waits.pending).toEqual([]);
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  it.each([false, true])("closes its source when the reader leaves, while it is being read: %s", async (isReading) => {
    const { waits, made, values, pass } = world();
    const next = values.next();
    if (isReading) await pass(500);
    else made.push("one");
    await next;
    await values.return();
    expect(made.closed).toBe(true);
    expect(waits.pending).toEqual([]);
  });
});

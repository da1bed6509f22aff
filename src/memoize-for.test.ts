import { describe, expect, it } from "vitest";
import { createGate } from "../test/fakes/byte-source.ts";
import { memoizeFor } from "./memoize-for.ts";

function counting(forMs: number) {
  const clock = { time: 1_000, now: () => clock.time };
  const reads = { count: 0 };
  const read = memoizeFor(forMs, clock, async () => {
    reads.count += 1;
    return reads.count;
  });
  return { clock, reads, read };
}

describe("memoizeFor", () => {
  it("reads once in its time to live, and again afterwards", async () => {
    const { clock, read } = counting(10);
    expect(await read()).toBe(1);
    clock.time += 9;
    expect(await read()).toBe(1);
    clock.time += 1;
    expect(await read()).toBe(2);
    clock.time += 9;
    expect(await read()).toBe(2);
  });

  it("reads once for simultaneous calls", async () => {
    const { read, reads } = counting(10);
    expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
    expect(reads.count).toBe(1);
  });

  it("reads again when the clock was set back", async () => {
    const { clock, read } = counting(10);
    await read();
    clock.time -= 1;
    expect(await read()).toBe(2);
  });

  it("passes an error to all that wait for it, and does not keep it", async () => {
    const gate = createGate<Error | string>();
    let reads = 0;
    const read = memoizeFor(10_000, { now: () => 1 }, async () => {
      reads += 1;
      if (reads > 1) return "well";
      throw await gate.opened;
    });
    const waiting = [read(), read()];
    gate.open(new Error("ill"));
    for (const each of await Promise.allSettled(waiting)) expect(each).toMatchObject({ reason: { message: "ill" } });
    expect(await read()).toBe("well");
    expect(reads).toBe(2);
  });

  it("keeps the newer value when an older read fails after it", async () => {
    const clock = { time: 0, now: () => clock.time };
    const gates = [createGate<Error | string>(), createGate<Error | string>(), createGate<Error | string>()];
    let reads = 0;
    const read = memoizeFor(10, clock, async () => {
      const given = await gates[reads++]?.opened;
      if (given instanceof Error) throw given;
      return given;
    });
    const older = read();
    clock.time = 10;
    const newer = read();
    gates[0]?.open(new Error("late"));
    await expect(older).rejects.toThrow("late");
    gates[1]?.open("new");
    expect(await newer).toBe("new");
    expect(await read()).toBe("new");
    expect(reads).toBe(2);
  });
});

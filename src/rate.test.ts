import { describe, expect, it } from "vitest";
import { createRate, type Refused, takeOrThrow } from "./rate.ts";

function clockAt(start: number) {
  let now = start;
  return {
    now: () => now,
    advance: (ms: number): void => {
      now += ms;
    },
  };
}

describe("a rate", () => {
  it("lets a minute's worth come at once, then one at a time at an even pace", () => {
    const clock = clockAt(1_000_000);
    const rate = createRate({ perKey: 3, total: 100 }, clock);
    const take = (): number => rate.take("192.0.2.1");
    expect([take(), take(), take(), take(), take()]).toEqual([0, 0, 0, 20_000, 20_000]);
    clock.advance(19_999);
    expect(take()).toBe(1);
    clock.advance(1);
    expect([take(), take()]).toEqual([0, 20_000]);
    clock.advance(3_600_000);
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 20_000]);
  });

  it("is counted per key, up to the total limit", () => {
    const clock = clockAt(0);
    const rate = createRate({ perKey: 2, total: 4 }, clock);
    const take = (last: number): number => rate.take(`192.0.2.${last}`);
    expect([take(1), take(1), take(2), take(2), take(3)]).toEqual([0, 0, 0, 0, 15_000]);
    // Who is over their own limit takes nothing from the others.
    expect(take(1)).toBe(30_000);
    clock.advance(15_000);
    expect([take(3), take(4)]).toEqual([0, 15_000]);
  });

  it("counts weights, and what is given back", () => {
    const rate = createRate({ perKey: 10 }, clockAt(0));
    expect([rate.take("a", 4), rate.take("a", 4), rate.take("a", 4)]).toEqual([0, 0, 12_000]);
    expect([rate.take("a", 2), rate.take("a")]).toEqual([0, 6_000]);
    rate.giveBack("a", 4);
    expect([rate.take("a", 4), rate.take("a")]).toEqual([0, 6_000]);
    // What weighs more than a minute's worth may come after a pause.
    expect([rate.take("b", 20), rate.take("b", 20)]).toEqual([0, 120_000]);
  });

  it("tells a refused caller which limit to wait for, and how many whole seconds", () => {
    const rate = createRate({ perKey: 2, total: 4 }, clockAt(0));
    const refusals: Refused[] = [];
    const take = (key: string): void => {
      try {
        takeOrThrow(rate, key, (refused) => {
          refusals.push(refused);
          return new Error("too many");
        });
      } catch {}
    };
    for (const key of ["a", "a", "a", "b", "b", "c"]) take(key);
    expect(refusals).toEqual([
      { seconds: 30, perMinute: 2, of: "key" },
      { seconds: 15, perMinute: 4, of: "total" },
    ]);
  });

  it("lets what was spent already exceed it, by another minute's at most, and takes nothing before that is paid", () => {
    const clock = clockAt(0);
    const rate = createRate({ perKey: 4, total: 100 }, clock);
    expect([rate.take("a"), rate.take("a", 0)]).toEqual([0, 0]);
    rate.charge("a", 3.1);
    expect([rate.take("a", 0), rate.take("b")]).toEqual([expect.closeTo(1_500), 0]);
    rate.charge("a", 1_000);
    expect([rate.take("a", 0), rate.take("a")]).toEqual([60_000, 75_000]);
    clock.advance(60_000);
    expect([rate.take("a", 0), rate.take("a")]).toEqual([0, 15_000]);
    clock.advance(15_000);
    expect(rate.take("a")).toBe(0);
  });

  it("takes nothing of weight 0 only in debt, even if a minute's worth was taken in parts", () => {
    const rate = createRate({ perKey: 7 }, clockAt(1_700_000_000_123));
    const takes = Array.from({ length: 8 }, () => rate.take("a"));
    expect([takes.filter((waitMs) => waitMs === 0).length, rate.take("a", 0)]).toEqual([7, 0]);
  });

  it("does not allow more when the clock is set back", () => {
    const clock = clockAt(1_000_000);
    const rate = createRate({ perKey: 1, total: 100 }, clock);
    rate.take("192.0.2.1");
    clock.advance(-500_000);
    expect(rate.take("192.0.2.1")).toBe(60_000);
    clock.advance(60_000);
    expect(rate.take("192.0.2.1")).toBe(0);
  });

  it("holds in total for more keys than are remembered", () => {
    const rate = createRate({ perKey: 1, total: 20_000 }, clockAt(0));
    const last = Array.from({ length: 25_000 }, (_, at) => rate.take(`192.0.${at >> 8}.${at & 255}`));
    expect(last.filter((waitMs) => waitMs === 0)).toHaveLength(20_000);
  });
});

import { describe, expect, it } from "vitest";
import { createSignInRate } from "./sign-in-rate.ts";

function clockAt(start: number) {
  let now = start;
  return {
    now: () => now,
    advance: (ms: number): void => {
      now += ms;
    },
  };
}

describe("sign-ins", () => {
  it("may come a minute's worth at once, then one at a time at an even pace", () => {
    const clock = clockAt(1_000_000);
    const rate = createSignInRate({ perAddress: 3, total: 100 }, clock);
    const take = (): number => rate.take("192.0.2.1");
    expect([take(), take(), take(), take(), take()]).toEqual([0, 0, 0, 20_000, 20_000]);
    clock.advance(19_999);
    expect(take()).toBe(1);
    clock.advance(1);
    expect([take(), take()]).toEqual([0, 20_000]);
    clock.advance(3_600_000);
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 20_000]);
  });

  it("are counted per address, up to the total limit", () => {
    const clock = clockAt(0);
    const rate = createSignInRate({ perAddress: 2, total: 4 }, clock);
    const take = (last: number): number => rate.take(`192.0.2.${last}`);
    expect([take(1), take(1), take(2), take(2), take(3)]).toEqual([0, 0, 0, 0, 15_000]);
    // Who is over their own limit takes nothing from the others.
    expect(take(1)).toBe(30_000);
    clock.advance(15_000);
    expect([take(3), take(4)]).toEqual([0, 15_000]);
  });

  it("count an IPv6 network as one address, and an IPv4 address as one however it is written", () => {
    const rate = createSignInRate({ perAddress: 1, total: 100 }, clockAt(0));
    const isTaken = (address: string): boolean => rate.take(address) > 0;
    expect(["2001:db8::1", "2001:0db8:0:0:ffff::9", "2001:db8:0:0:1:2:3:4%eth0"].map(isTaken)).toEqual([
      false,
      true,
      true,
    ]);
    expect(["2001:db8:0:1::1", "::1", "::2", "192.0.2.1", "::ffff:192.0.2.1"].map(isTaken)).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it("are not allowed by setting the clock back", () => {
    const clock = clockAt(1_000_000);
    const rate = createSignInRate({ perAddress: 1, total: 100 }, clock);
    rate.take("192.0.2.1");
    clock.advance(-500_000);
    expect(rate.take("192.0.2.1")).toBe(60_000);
    clock.advance(60_000);
    expect(rate.take("192.0.2.1")).toBe(0);
  });

  it("from more addresses than are remembered are limited in total", () => {
    const rate = createSignInRate({ perAddress: 1, total: 20_000 }, clockAt(0));
    const last = Array.from({ length: 25_000 }, (_, at) => rate.take(`192.0.${at >> 8}.${at & 255}`));
    expect(last.filter((waitMs) => waitMs === 0)).toHaveLength(20_000);
  });
});

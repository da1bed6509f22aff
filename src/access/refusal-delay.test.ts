import { describe, expect, it } from "vitest";
import { createWaits } from "../../test/fakes/waits.ts";
import { Failure } from "../failure.ts";
import { LIMITS, type LimitName, limitExceeded } from "../limits.ts";
import { createRefusalDelay } from "./refusal-delay.ts";

const { signal } = new AbortController();
const all = (): boolean => true;

function isSettled(promise: Promise<void>): Promise<boolean> {
  const turns = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([promise.then(() => true), turns]);
}

describe("a refusal", () => {
  it("is delayed by a third of the longest delay to the whole, not always by as much", async () => {
    const waits = createWaits();
    const delay = createRefusalDelay(waits.wait, 1_500);
    const delays: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const delaying = delay(limitExceeded("limits.signIns", ""), signal);
      expect(await isSettled(delaying)).toBe(false);
      delays.push(...waits.pending);
      waits.pass(all);
      await delaying;
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_500);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });

  it("is delayed longer the more are, but not without bound", async () => {
    const waits = createWaits();
    const delay = createRefusalDelay(waits.wait, 1_500);
    const delays = Array.from({ length: 900 }, () => delay(limitExceeded("limits.signIns", ""), signal));
    const ofHundred = waits.pending.slice(100, 120);
    expect(Math.min(...ofHundred)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...ofHundred)).toBeLessThanOrEqual(3_300);
    const last = waits.pending.slice(-100);
    expect(Math.min(...last)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...last)).toBeLessThanOrEqual(6_000);
    waits.pass(all);
    await Promise.all(delays);
  });

  it.each(Object.keys(LIMITS) as LimitName[])("of %s is delayed if trying again soon makes sense", async (limit) => {
    const delay = createRefusalDelay(createWaits().wait, 1_500);
    const isDelayed = !(await isSettled(delay(limitExceeded(limit, ""), signal)));
    expect(isDelayed).toBe(/^TOO_MANY_|_BUSY$/.test(LIMITS[limit]));
  });

  it.each([
    ["a denial", new Failure("denied", "ACCESS_DENIED", "")],
    ["a bug", new TypeError("x")],
  ])("is not what is delayed in %s", async (_, error) => {
    expect(await isSettled(createRefusalDelay(createWaits().wait, 1_500)(error, signal))).toBe(true);
  });

  it("whose client leaves is no longer delayed", async () => {
    const waits = createWaits();
    const leave = new AbortController();
    const delaying = createRefusalDelay(waits.wait, 1_500)(limitExceeded("limits.signIns", ""), leave.signal);
    leave.abort();
    await delaying;
    expect(waits.pending).toEqual([]);
  });

  it("is not delayed while 1000 are", async () => {
    const waits = createWaits();
    const delay = createRefusalDelay(waits.wait, 1_500);
    const refusal = limitExceeded("limits.signIns", "");
    const delays = Array.from({ length: 1_000 }, () => delay(refusal, signal));
    expect(await isSettled(delay(refusal, signal))).toBe(true);
    waits.pass(all);
    await Promise.all(delays);
    expect(await isSettled(delay(refusal, signal))).toBe(false);
  });
});

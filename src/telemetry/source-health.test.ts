import { describe, expect, it } from "vitest";
import { createSourceMeter } from "./source-health.ts";

const clock = { time: 1_000, now: () => clock.time };
const BAD = { outcome: "refused", httpStatus: 403, message: 'Source "a" answered 403.' } as const;
const MINUTE = 60_000;

describe("the health of a source", () => {
  it("is empty at first", () => {
    expect(createSourceMeter(clock).read()).toEqual({
      fetches: 0,
      successes: 0,
      successRate: undefined,
      firstByteMs: undefined,
      lastSuccessAt: undefined,
      lastFailure: undefined,
      notFound: [],
      open: 0,
    });
  });

  it("counts successes, times to the first byte, and open logs", () => {
    const meter = createSourceMeter(clock);
    const closes = Array.from({ length: 100 }, (_, index) => meter.succeeded(100 - index));
    closes[0]?.();
    closes[0]?.();
    expect(meter.read()).toMatchObject({ fetches: 100, successes: 100, successRate: 1, open: 99 });
    expect(meter.read().firstByteMs).toEqual({ p50: 50, p95: 95 });
  });

  it("has the last failure, which a missing log is not", () => {
    const meter = createSourceMeter(clock);
    meter.failed(BAD);
    meter.notFound(undefined);
    meter.notYet();
    meter.succeeded(1);
    meter.brokeOff({ ...BAD, message: "broke" });
    expect(meter.read()).toMatchObject({
      fetches: 4,
      successes: 1,
      successRate: 1 / 3,
      lastFailure: { ...BAD, at: 1_000, message: "broke" },
    });
  });

  it("bases rates and times on the last 1,000 fetches", () => {
    const meter = createSourceMeter(clock);
    for (let index = 0; index < 1_000; index += 1) meter.failed(BAD);
    for (let index = 0; index < 1_000; index += 1) meter.succeeded(500);
    for (let index = 0; index < 1_000; index += 1) meter.succeeded(7);
    expect(meter.read()).toMatchObject({ fetches: 3_000, successRate: 1, firstByteMs: { p50: 7, p95: 7 } });
  });

  it("counts missing logs by the time since the job ended", () => {
    const meter = createSourceMeter(clock);
    for (const age of [undefined, -5, 0, 9_999, 10_000, 2 * MINUTE, 30 * 24 * 60 * MINUTE]) meter.notFound(age);
    expect(meter.read().notFound).toEqual([
      { fromMs: undefined, toMs: undefined, count: 1 },
      { fromMs: 0, toMs: 10_000, count: 3 },
      { fromMs: 10_000, toMs: MINUTE, count: 1 },
      { fromMs: MINUTE, toMs: 5 * MINUTE, count: 1 },
      { fromMs: 7 * 24 * 60 * MINUTE, toMs: undefined, count: 1 },
    ]);
  });
});

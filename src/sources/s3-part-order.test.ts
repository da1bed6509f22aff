import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortParts } from "./s3-part-order.ts";

/** Sorts keys that are given in any order, and expects the order in which they are written here. */
function expectOrder(keys: readonly string[], prefix = ""): void {
  const shuffled = fc.shuffledSubarray([...keys], { minLength: keys.length });
  fc.assert(
    fc.property(shuffled, (each) => {
      const sorted = sortParts(
        each.map((key) => ({ key })),
        prefix,
      );
      expect(sorted.map(({ key }) => key)).toEqual(keys);
    }),
    { numRuns: 50 },
  );
}

describe("the order of a log's parts", () => {
  it("is by time as fluent-bit writes it, whatever the tag is", () => {
    expectOrder([
      "fluent-bit-logs/kube.b/2026/11/30/09/59/59-objectZz00Zz00",
      "fluent-bit-logs/kube.a/2026/11/30/10/00/01-objectAb12Cd34",
      "fluent-bit-logs/kube.b/2026/11/30/10/00/02-object00000000",
      "fluent-bit-logs/kube.a/2026/12/01/00/00/00-objectAb12Cd34",
    ]);
  });

  it("is by time slice and number as fluentd writes it", () => {
    expectOrder([
      "logs/2026113009_0.gz",
      "logs/2026113009_1.gz",
      "logs/2026113009_2.gz",
      "logs/2026113009_10.gz",
      "logs/2026113010_0.gz",
    ]);
  });

  it("does not take the number of a part for a time", () => {
    const numbers = [0, 2, 9, 10, 23, 24, 59, 60, 100, 1_000, 10_000, 235_959];
    for (const slice of [
      "2026113010_",
      "20261130_",
      "2026-11-30_",
      "2026/11/30/",
      "2026/11/30/10/",
      "2026-11-30-10_",
    ]) {
      expectOrder(numbers.map((number) => `logs/${slice}${number}.gz`));
    }
  });

  it("is by the finest time that keys have", () => {
    expectOrder(["a/20261130T100435Z-9.gz", "a/20261130T100436Z-1.gz"]);
    expectOrder(["a/20261130100435-9.gz", "a/20261130100436-1.gz"]);
    expectOrder(["a/2026-11-30T10:04:35.gz", "a/2026-11-30T10:04:36.gz"]);
    expectOrder(["b/2026/11/30/10/04/f.gz", "a/2026/11/30/10/05/e.gz"]);
    expectOrder(["b/2026/11/30/09/f.gz", "a/2026/11/30/10/e.gz"]);
  });

  it("is by seconds since 1970 as Vector writes it, also over midnight", () => {
    expectOrder([
      "date=2026-11-29/1764460799-f0000000-0000-4000-8000-000000000000.log.gz",
      "date=2026-11-30/1764460800-a0000000-0000-4000-8000-000000000000.log.gz",
      "date=2026-11-30/1764497076-10000000-0000-4000-8000-000000000000.log.gz",
    ]);
  });

  it("is by number without a time", () => {
    expectOrder(["run/part-1.log", "run/part-2.log", "run/part-10.log", "run/part-100.log"]);
    expectOrder(["run/0", "run/1", "run/9", "run/10"], "run/");
    expectOrder(["a1/b9", "a1/b10", "a2/b1", "a10/b0"]);
  });

  it("is by time in the folders of a table", () => {
    expectOrder([
      "year=2026/month=11/day=30/hour=09/b.gz",
      "year=2026/month=11/day=30/hour=10/a.gz",
      "year=2026/month=12/day=01/hour=00/0.gz",
    ]);
  });

  it("does not take numbers of the prefix for a time", () => {
    const prefix = "2026-01-01/1764497076/";
    expectOrder([`${prefix}2_1.gz`, `${prefix}2_2.gz`, `${prefix}2_11.gz`], prefix);
  });

  it("is one order, whatever the keys are", () => {
    const key = fc.string({ unit: fc.constantFrom(..."0129/_-.aZ"), maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 20 }), (keys) => {
        const once = sortParts(
          keys.map((each) => ({ key: each })),
          "",
        );
        expect(sortParts(once.toReversed(), "")).toEqual(once);
      }),
    );
  });
});

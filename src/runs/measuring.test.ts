import { describe, expect, it } from "vitest";
import { type Measuring, measuringOf } from "./measuring.ts";

const fill = (text: string): string => text.replace("{{args.most}}", "7").replace("{{args.below}}", "0.05");
const read = (fields: Readonly<Record<string, unknown>>): Measuring => measuringOf(fields, fill);

describe("what a metric demands of its measurements", () => {
  it("is Argo Rollouts' default where the run says nothing", () => {
    const usual = {
      successCondition: "",
      failureCondition: "",
      failureLimit: 0,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
      consecutiveSuccessLimit: 0,
      count: 1,
      intervalMs: undefined,
    };
    expect(read({})).toEqual(usual);
    const limits = ["failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit", "count"];
    const texts = ["successCondition", "failureCondition", "interval"];
    const nothing = Object.fromEntries([...limits, ...texts].map((field) => [field, null]));
    expect(read(nothing)).toEqual(usual);
  });

  it("is what the run says, as a number or as a text, with its arguments filled in", () => {
    expect(
      read({
        successCondition: "result[0] <= {{args.below}}",
        failureCondition: "result[0] > 0.5",
        failureLimit: "{{args.most}}",
        inconclusiveLimit: 3,
        consecutiveErrorLimit: "0",
        consecutiveSuccessLimit: 2,
        count: "5",
        interval: "1m30s",
      }),
    ).toEqual({
      successCondition: "result[0] <= 0.05",
      failureCondition: "result[0] > 0.5",
      failureLimit: 7,
      inconclusiveLimit: 3,
      consecutiveErrorLimit: 0,
      consecutiveSuccessLimit: 2,
      count: 5,
      intervalMs: 90_000,
    });
    expect(read({ failureLimit: -1 }).failureLimit).toBe(-1);
  });

  it("has no end where there is an interval and no count", () => {
    expect(read({ interval: "10s" })).toMatchObject({ count: 0, intervalMs: 10_000 });
    expect(read({ interval: "10s", count: 0 }).count).toBe(0);
    expect(read({ count: 0 }).count).toBe(1);
  });

  it.each([{}, [], true, "many", "{{args.secret}}", "", "1.5", 1.5, 2 ** 31, "99999999999", "0x10", Number.NaN])(
    "is not known where the number is %j",
    (odd) => {
      const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit, count } = read({
        failureLimit: odd,
        inconclusiveLimit: odd,
        consecutiveErrorLimit: odd,
        consecutiveSuccessLimit: odd,
        count: odd,
      });
      expect([failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit, count]).toEqual(
        Array(5).fill(undefined),
      );
    },
  );

  it("is no condition and no interval where these are no texts, and no interval that Go could not read", () => {
    for (const odd of [7, {}, [], true]) {
      expect(read({ successCondition: odd, failureCondition: odd, interval: odd })).toMatchObject({
        successCondition: "",
        failureCondition: "",
        intervalMs: undefined,
        count: 1,
      });
    }
    expect(read({ interval: "{{args.secret}}" })).toMatchObject({ intervalMs: undefined, count: 0 });
    expect(read({ count: -1 }).count).toBeUndefined();
  });

  it("has the beginning of a condition that nobody would read", () => {
    expect(read({ successCondition: "x".repeat(5_000) }).successCondition).toBe("x".repeat(4_000));
  });
});

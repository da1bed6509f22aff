import { describe, expect, it } from "vitest";
import { type Measuring, measuringOf } from "./measuring.ts";

const fill = (text: string): string => text.replace("{{args.most}}", "7").replace("{{args.below}}", "0.05");
const read = (fields: Readonly<Record<string, unknown>>): Measuring => measuringOf(fields, fill);

describe("a metric's conditions and limits", () => {
  it("default to those of Argo Rollouts", () => {
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

  it("are those of the run, as numbers or strings, with arguments filled in", () => {
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

  it("set no count if there is an interval without one", () => {
    expect(read({ interval: "10s" })).toMatchObject({ count: 0, intervalMs: 10_000 });
    expect(read({ interval: "10s", count: 0 }).count).toBe(0);
    expect(read({ count: 0 }).count).toBe(1);
  });

  it.each([{}, [], true, "many", "{{args.secret}}", "", "1.5", 1.5, 2 ** 31, "99999999999", "0x10", Number.NaN])(
    "are unknown if the number is %j",
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

  it("omit conditions and intervals that are not strings, and intervals that Go cannot parse", () => {
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

  it("truncate a condition that is too long to read", () => {
    expect(read({ successCondition: "x".repeat(5_000) }).successCondition).toBe(`${"x".repeat(3_999)}…`);
  });
});

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AnalysisPhase, AnalysisRunSchema, MetricSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { causeOf } from "./cause.ts";
import { measuredCount, talliesOf } from "./measured.ts";

const USUAL = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4, consecutiveSuccessLimit: 0 };
const metric = (parts: MessageInitShape<typeof MetricSchema>) => create(MetricSchema, { ...USUAL, ...parts });
const inShort = (parts: MessageInitShape<typeof MetricSchema>) =>
  talliesOf(metric(parts)).map(({ what, counted, limit, decides }) => [what, counted, limit, decides]);

describe("the counts of a metric", () => {
  it("include its failures even if there are none", () => {
    expect(inShort({})).toEqual([["failed", 0, 0, false]]);
    expect(measuredCount(metric({}))).toBe(0);
  });

  it("decide the phase above the limit, and never if the limit is negative or unknown", () => {
    expect(inShort({ counts: { failed: 1 } })).toEqual([["failed", 1, 0, true]]);
    expect(inShort({ failureLimit: 1, counts: { failed: 1 } })).toEqual([["failed", 1, 1, false]]);
    expect(inShort({ failureLimit: -1, counts: { failed: 9 } })).toEqual([["failed", 9, undefined, false]]);
    const { failureLimit: _, ...unknown } = USUAL;
    expect(talliesOf(create(MetricSchema, { ...unknown, counts: { failed: 9 } }))).toMatchObject([
      { counted: 9, limit: undefined, decides: false },
    ]);
  });

  it("include other counts that are not zero or have a limit of their own", () => {
    expect(inShort({ counts: { inconclusive: 1, consecutiveError: 5 } }).slice(1)).toEqual([
      ["inconclusive", 1, 0, true],
      ["consecutiveErrors", 5, 4, true],
    ]);
    const own = { inconclusiveLimit: 2, consecutiveErrorLimit: 0, consecutiveSuccessLimit: 3 };
    expect(inShort({ ...own, counts: { consecutiveSuccess: 3 } }).slice(1)).toEqual([
      ["inconclusive", 0, 2, false],
      ["consecutiveErrors", 0, 0, false],
      ["consecutiveSuccesses", 3, 3, true],
    ]);
  });

  it("do not count errors among the measurements", () => {
    expect(measuredCount(metric({ counts: { successful: 1, failed: 2, inconclusive: 3, error: 9 } }))).toBe(6);
  });
});

it("an inconclusive run has its cause in the inconclusive metric", () => {
  const run = create(AnalysisRunSchema, {
    summary: { phase: AnalysisPhase.INCONCLUSIVE },
    metrics: [
      { name: "smoke", provider: "job", phase: AnalysisPhase.SUCCESSFUL },
      { name: "rate", provider: "web", phase: AnalysisPhase.INCONCLUSIVE },
    ],
    defaultSelection: { metricName: "smoke", attempt: 1 },
  });
  expect(causeOf(run).metric?.name).toBe("rate");
});

it("a run whose metrics have no logs has its cause in the one that is being measured, or the first", () => {
  const metrics = [AnalysisPhase.SUCCESSFUL, AnalysisPhase.RUNNING].map((phase, at) => ({
    name: `rate-${at}`,
    provider: "web",
    phase,
  }));
  const of = (parts: MessageInitShape<typeof MetricSchema>[]) =>
    causeOf(create(AnalysisRunSchema, { metrics: parts })).metric?.name;
  expect([of(metrics), of(metrics.slice(0, 1)), of([])]).toEqual(["rate-1", "rate-0", undefined]);
});

import { describe, expect, it } from "vitest";
import { makeAttempt, makeMetric, makeRun } from "../../test/fakes/run.ts";
import { Failure } from "../failure.ts";
import type { Attempt, Metric, Phase } from "./run.ts";
import { jobMetrics, type Selection, type Selector, select } from "./selection.ts";

const attemptsOf = (...phases: Phase[]): Attempt[] =>
  phases.map((phase, index) => makeAttempt({ number: index + 1, phase }));
const web = (name: string): Metric => makeMetric({ name, provider: "web", containers: [] });

/** The selection in short form: `smoke failed, 2 last, main only`. */
function selected(metrics: readonly Metric[], selector: Selector = {}, phase: Phase = "Failed"): string {
  const made: Selection = select(makeRun({ metrics, phase }), selector);
  const { metric, metricReason, attempt, attemptReason, container, containerReason } = made;
  return `${metric.name} ${metricReason}, ${attempt.number} ${attemptReason}, ${container.name} ${containerReason}`;
}

function failureOf(metrics: readonly Metric[], selector: Selector = {}, phase: Phase = "Failed"): Failure {
  try {
    select(makeRun({ metrics, phase }), selector);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
  throw new Error("nothing was thrown");
}

describe("the metric", () => {
  it.each<[string, Metric[], Selector, string]>([
    ["the only one", [makeMetric()], {}, "smoke only"],
    ["the only one that runs a Job", [web("rate"), makeMetric()], {}, "smoke only"],
    ["the only one, even if it did not fail", [makeMetric({ phase: "Successful" })], {}, "smoke only"],
    [
      "the first that failed",
      [makeMetric({ phase: "Successful" }), makeMetric({ name: "b" }), makeMetric({ name: "c" })],
      {},
      "b failed",
    ],
    [
      "one that ended in an error",
      [makeMetric({ phase: "Successful" }), makeMetric({ name: "b", phase: "Error" })],
      {},
      "b failed",
    ],
    [
      "the first if none ended badly",
      [makeMetric({ phase: "Running" }), makeMetric({ name: "b", phase: "Pending" })],
      {},
      "smoke first",
    ],
    [
      "the inconclusive one, not the first",
      [makeMetric({ phase: "Successful" }), makeMetric({ name: "b", phase: "Inconclusive" })],
      {},
      "b inconclusive",
    ],
    [
      "one whose failure counts, rather than a dry run",
      [makeMetric({ dryRun: true }), makeMetric({ name: "b" })],
      {},
      "b failed",
    ],
    [
      "no dry run, even if nothing else failed",
      [makeMetric({ phase: "Successful" }), makeMetric({ name: "b", dryRun: true })],
      {},
      "smoke first",
    ],
    [
      "a dry run that is named",
      [makeMetric({ phase: "Successful" }), makeMetric({ name: "b", dryRun: true })],
      { metric: "b" },
      "b named",
    ],
    [
      "not a failed one without a Job",
      [web("rate"), makeMetric({ phase: "Successful" }), makeMetric({ name: "b", phase: "Running" })],
      {},
      "smoke first",
    ],
    ["the named one", [makeMetric(), makeMetric({ name: "b", phase: "Successful" })], { metric: "b" }, "b named"],
    ["the named one, even if it is the only one", [makeMetric()], { metric: "smoke" }, "smoke named"],
  ])("is %s", (_, metrics, selector, expected) => {
    expect(selected(metrics, selector).split(",")[0]).toBe(expected);
  });

  it("that does not exist is reported with the existing job metrics", () => {
    const failure = failureOf([makeMetric(), web("rate"), makeMetric({ name: "two words" })], { metric: "smok" });
    expect(failure).toMatchObject({
      kind: "not-found",
      reason: "METRIC_NOT_FOUND",
      message: 'This run has no metric "smok".',
      next: 'There is: "smoke", "two words".',
      available: ["smoke", "two words"],
    });
  });

  it("without a Job has no log", () => {
    expect(failureOf([makeMetric(), web("rate")], { metric: "rate" })).toMatchObject({
      kind: "not-found",
      reason: "METRIC_HAS_NO_LOG",
      message: 'The metric "rate" is measured by web, not by a Job, so it has no log.',
      available: ["smoke"],
    });
    expect(failureOf([makeMetric({ provider: "" })], { metric: "smoke" }).message).toContain("by no provider");
  });

  it("is missing if no metric runs a Job", () => {
    for (const metrics of [[], [web("rate")]]) {
      expect(failureOf(metrics)).toMatchObject({ reason: "METRIC_HAS_NO_LOG", available: [] });
    }
  });

  it("is none if only dry runs run Jobs, which are named", () => {
    expect(failureOf([web("rate"), makeMetric({ name: "next", dryRun: true })])).toMatchObject({
      reason: "METRIC_HAS_NO_LOG",
      message: 'No metric that counts is measured by a Job: "next" is a dry run.',
      next: "Look at the measured values in the run, or name a dry run to read its log.",
      available: ["next"],
    });
  });

  it("is found by its exact name only", () => {
    for (const metric of ["", "Smoke", "smoke ", "__proto__", "toString"]) {
      expect(failureOf([makeMetric()], { metric }).reason).toBe("METRIC_NOT_FOUND");
    }
  });
});

describe("the attempt", () => {
  const all = (phase: Phase, ...phases: Phase[]): Metric[] => [makeMetric({ phase, attempts: attemptsOf(...phases) })];

  it.each<[string, Metric[], Selector["attempt"], string]>([
    ["the only one", all("Failed", "Failed"), undefined, "1 only"],
    [
      "the newest that failed, of a failed metric",
      all("Failed", "Failed", "Failed", "Successful"),
      undefined,
      "2 failed",
    ],
    ["the newest that failed, not one in error", all("Failed", "Failed", "Error"), undefined, "1 failed"],
    ["the newest in error, of a metric in error", all("Error", "Failed", "Error", "Error"), undefined, "3 failed"],
    ["the newest, if none has the failed metric's phase", all("Failed", "Error", "Successful"), undefined, "2 last"],
    ["the newest of a successful metric", all("Successful", "Successful", "Failed"), undefined, "2 last"],
    [
      "the newest that came to nothing, of an inconclusive metric",
      all("Inconclusive", "Inconclusive", "Inconclusive", "Successful"),
      undefined,
      "2 inconclusive",
    ],
    ["the one that runs", all("Running", "Failed", "Successful", "Running"), undefined, "3 last"],
    ["the newest, if the phase is unknown", all("Unknown", "Failed", "Unknown"), undefined, "2 last"],
    ["the last when asked for", all("Failed", "Failed", "Successful"), "last", "2 named"],
    ["the only one when the last is asked for", all("Failed", "Failed"), "last", "1 named"],
    ["the newest that failed when asked for", all("Running", "Failed", "Error", "Running"), "failed", "2 named"],
    ["the one with a number", all("Failed", "Failed", "Failed", "Failed"), 2, "2 named"],
  ])("is %s", (_, metrics, attempt, expected) => {
    expect(selected(metrics, { attempt }).split(", ")[1]).toBe(expected);
  });

  it("is found by the number in its Job's name, even if older ones are gone", () => {
    const attempts = [7, 8, 9].map((number) => makeAttempt({ number }));
    const { attempt } = select(makeRun({ metrics: [makeMetric({ attempts })] }), { attempt: 8 });
    expect(attempt.claimedJob?.name).toMatch(/\.8$/);
  });

  it("with a number that is gone is reported with the remaining numbers", () => {
    const metrics = [makeMetric({ attempts: [7, 8].map((number) => makeAttempt({ number })) })];
    expect(failureOf(metrics, { attempt: 3 })).toMatchObject({
      kind: "not-found",
      reason: "ATTEMPT_NOT_FOUND",
      message: 'The metric "smoke" has no attempt 3 (any more).',
      available: ["7", "8"],
    });
  });

  it("that failed does not exist if none did", () => {
    expect(failureOf(all("Successful", "Successful"), { attempt: "failed" })).toMatchObject({
      reason: "ATTEMPT_NOT_FOUND",
      available: ["1"],
    });
  });

  it.each<[Phase, string, string]>([
    ["Unknown", "not-yet", "JOB_NOT_STARTED"],
    ["Pending", "not-yet", "JOB_NOT_STARTED"],
    ["Running", "not-yet", "JOB_NOT_STARTED"],
    ["Failed", "not-found", "ATTEMPT_NOT_FOUND"],
    ["Successful", "not-found", "ATTEMPT_NOT_FOUND"],
  ])("does not exist before the first measurement: in a run that is %s, %s with %s", (phase, kind, reason) => {
    for (const attempt of [undefined, "last", "failed", 1] as const) {
      expect(failureOf([makeMetric({ attempts: [] })], { attempt }, phase)).toMatchObject({ kind, reason });
    }
  });
});

describe("the message about a later attempt", () => {
  const said = (run: Parameters<typeof makeRun>[0], selector: Selector = {}): string => {
    try {
      select(makeRun({ phase: "Running", ...run }), selector);
    } catch (error) {
      expect(error).toMatchObject({ kind: "not-yet", reason: "JOB_NOT_STARTED" });
      return (error as Failure).message;
    }
    throw new Error("nothing was thrown");
  };
  const later = (initialDelayMs: number) => [makeMetric({ phase: "Unknown", attempts: [], initialDelayMs })];

  it.each<[string, Parameters<typeof makeRun>[0], string]>([
    ["a run that has not started", { startedAt: undefined, metrics: later(0) }, "The run has not begun yet."],
    [
      "a run that has not started, with a delayed metric",
      { startedAt: undefined, metrics: later(9) },
      "The run has not begun yet.",
    ],
    ["a metric without a delay", { metrics: later(0) }, 'The metric "smoke" has not been measured yet.'],
    [
      "a metric that waits",
      { metrics: later(90_000) },
      'The metric "smoke" is not measured until 14:01:31 UTC (its initial delay).',
    ],
    [
      "a metric that waits until another day",
      { metrics: later(86_400_000) },
      'The metric "smoke" is not measured until 2026-03-13 14:00:01 UTC (its initial delay).',
    ],
    [
      "a metric that waits for ever",
      { metrics: later(1e300) },
      'The metric "smoke" is not measured until 9999-12-31 23:59:59 UTC (its initial delay).',
    ],
  ])("says what it waits for: %s", (_, run, expected) => {
    expect(said(run)).toBe(expected);
  });

  it("says that it does not exist yet, while the metric is being measured", () => {
    const measured = (phase: Phase) => makeMetric({ phase, attempts: attemptsOf("Failed", "Failed") });
    expect(said({ metrics: [measured("Running")] }, { attempt: 3 })).toBe(
      'The metric "smoke" has not been measured so often yet: there is no attempt 3.',
    );
    const forgotten = makeMetric({ phase: "Running", attempts: attemptsOf("Failed", "Failed").slice(1) });
    for (const [metric, attempt, phase] of [
      [measured("Failed"), 3, "Running"],
      [measured("Running"), 3, "Failed"],
      [forgotten, 1, "Running"],
    ] as const) {
      expect(failureOf([metric], { attempt }, phase).reason).toBe("ATTEMPT_NOT_FOUND");
    }
  });
});

describe("the container", () => {
  const main = { name: "main", init: false };
  const proxy = { name: "proxy", init: false };
  const seed = { name: "seed", init: true };

  it.each<[string, Partial<Metric>, string | undefined, string]>([
    ["the only one", { containers: [main] }, undefined, "main only"],
    [
      "the only one, whatever the annotation says",
      { containers: [main], defaultContainer: "gone" },
      undefined,
      "main only",
    ],
    ["the first except init containers", { containers: [seed, proxy, main] }, undefined, "proxy first"],
    [
      "the annotation's",
      { containers: [seed, proxy, main], defaultContainer: "main" },
      undefined,
      "main default-annotation",
    ],
    [
      "the annotation's, even if it is an init container",
      { containers: [seed, main], defaultContainer: "seed" },
      undefined,
      "seed default-annotation",
    ],
    [
      "the first if the annotation's does not exist",
      { containers: [proxy, main], defaultContainer: "gone" },
      undefined,
      "proxy first",
    ],
    ["the named one", { containers: [proxy, main], defaultContainer: "proxy" }, "main", "main named"],
    ["the named init container", { containers: [seed, main] }, "seed", "seed named"],
  ])("is %s", (_, parts, container, expected) => {
    expect(selected([makeMetric(parts)], { container }).split(", ")[2]).toBe(expected);
  });

  it("that does not exist is reported with the existing ones, including init containers", () => {
    expect(failureOf([makeMetric({ containers: [seed, main] })], { container: "mian" })).toMatchObject({
      kind: "not-found",
      reason: "CONTAINER_NOT_FOUND",
      message: 'The Job of the metric "smoke" has no container "mian".',
      available: ["seed", "main"],
    });
  });

  it("is missing if the Job has none", () => {
    for (const containers of [[], [seed]]) {
      expect(failureOf([makeMetric({ containers })])).toMatchObject({ reason: "CONTAINER_NOT_FOUND", available: [] });
    }
  });
});

describe("the list of alternatives", () => {
  it("has at most 30, and the number of others", () => {
    const metrics = Array.from({ length: 100 }, (_, index) => makeMetric({ name: `m${index}` }));
    const failure = failureOf(metrics, { metric: "gone" });
    expect(failure.available).toHaveLength(30);
    expect(failure.next).toMatch(/^There is: "m0", .*"m29" and 70 more\.$/);
  });

  it("stays short even if names are long", () => {
    const metrics = Array.from({ length: 20 }, (_, index) => makeMetric({ name: `${index}${"x".repeat(900)}` }));
    for (const failure of [
      failureOf(metrics, { metric: "gone" }),
      failureOf([...metrics, web("rate")], { metric: "rate" }),
    ]) {
      expect(failure.available).toHaveLength(2);
      expect(JSON.stringify([failure.message, failure.next, failure.available]).length).toBeLessThan(4_000);
    }
  });

  it("has the metrics of jobMetrics", () => {
    expect(jobMetrics(makeRun({ metrics: [web("a"), makeMetric(), web("b")] })).map(({ name }) => name)).toEqual([
      "smoke",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { makeAttempt, makeMetric, makeRun } from "../../test/fakes/run.ts";
import { measuringOf } from "./measuring.ts";
import type { Attempt, Metric, Phase, Run } from "./run.ts";
import { verdictOf } from "./verdict.ts";

const metric = (name: string, phase: Phase, parts: Partial<Metric> = {}, attempt: Partial<Attempt> = {}): Metric =>
  makeMetric({ name, phase, attempts: [makeAttempt({ phase, ...attempt })], ...parts });
const rate = (phase: Phase, value: string, parts: Partial<Metric> = {}): Metric =>
  metric("error-rate", phase, { provider: "prometheus", containers: [], ...parts }, { value, claimedJob: undefined });
const measuredBy = (message: string): Metric =>
  metric("error-rate", "Error", { provider: "prometheus", containers: [] }, { message, claimedJob: undefined });
const measuring = (spec: Readonly<Record<string, unknown>>) => measuringOf(spec, (text) => text);

/** In short: what came of a run, by which metric and attempt, and why. */
function verdict(phase: Phase, metrics: readonly Metric[], parts: Partial<Run> = {}): string {
  const { result, metric: deciding, attempt, cause } = verdictOf(makeRun({ phase, metrics, ...parts }));
  const what = deciding === undefined ? "-" : `${deciding.name} ${attempt?.number ?? "-"}`;
  return `${result ?? "-"}, ${what}, ${cause === undefined ? "-" : `${cause.kind ?? "?"} ${cause.reason ?? "?"}`}`;
}

describe("which metric decided", () => {
  it.each<[string, Phase, Metric[], string]>([
    ["the one that failed", "Failed", [metric("smoke", "Successful"), metric("it", "Failed")], "failed, it 1"],
    [
      "one with a log, of several that failed",
      "Failed",
      [rate("Failed", "[0.31]"), metric("it", "Failed")],
      "failed, it 1",
    ],
    [
      "the one that failed, not the one in error",
      "Failed",
      [metric("it", "Error"), rate("Failed", "[0.31]")],
      "failed, error-rate 1",
    ],
    [
      "no dry run, though only that has a log",
      "Failed",
      [metric("robot-next", "Failed", { dryRun: true }), rate("Failed", "[0.31]")],
      "failed, error-rate 1",
    ],
    [
      "the one that came to nothing",
      "Inconclusive",
      [metric("smoke", "Successful"), metric("robot", "Inconclusive")],
      "none, robot 1",
    ],
    ["none in a run that passed", "Successful", [metric("smoke", "Successful")], "passed, -"],
    ["none in a run that is open", "Running", [metric("smoke", "Running")], "-, -"],
    ["one that has failed already", "Running", [metric("smoke", "Running"), metric("it", "Failed")], "-, it 1"],
    ["none where nothing says so", "Failed", [metric("smoke", "Successful")], "failed, -"],
    ["none where there is none", "Failed", [], "failed, -"],
  ])("is %s", (_, phase, metrics, expected) => {
    expect(verdict(phase, metrics)).toMatch(new RegExp(`^${expected},`));
  });

  it("passed, where only a dry run failed, which is named", () => {
    const run = makeRun({
      phase: "Successful",
      metrics: [metric("smoke", "Successful"), metric("robot-next", "Failed", { dryRun: true })],
    });
    expect(verdictOf(run)).toMatchObject({ result: "passed", cause: undefined, failedDryRuns: ["robot-next"] });
  });

  it("is not told of a run that contradicts itself", () => {
    expect(verdict("Successful", [metric("smoke", "Failed")])).toBe("-, smoke 1, ? contradiction");
    expect(verdict("Failed", [metric("smoke", "Successful")])).toBe("failed, -, ? contradiction");
    expect(verdict("Failed", [metric("smoke", "Failed", { attempts: [] })])).toBe("failed, smoke -, ? ?");
  });
});

describe("a run that was stopped", () => {
  const cut: Partial<Attempt> = { message: "metric terminated", endedAt: "2026-03-12T14:01:01Z" };
  const stopped = { terminate: true, message: "Run Terminated", endedAt: undefined };
  const NOTHING = "none, it 1, stopped stopped";

  it.each<[string, Phase, Metric[], Partial<Run>]>([
    ["before Argo Rollouts 1.10", "Successful", [metric("it", "Successful", {}, cut)], stopped],
    ["since then", "Inconclusive", [metric("it", "Inconclusive", {}, cut)], stopped],
    ["by its message alone", "Successful", [metric("it", "Successful", {}, cut)], {}],
    [
      "after one metric was measured, but not all",
      "Successful",
      [metric("smoke", "Successful"), metric("it", "Successful", {}, cut)],
      stopped,
    ],
    [
      "between two measurements of five",
      "Successful",
      [metric("it", "Successful", { measuring: measuring({ count: 5 }) })],
      stopped,
    ],
  ])("has no verdict: %s", (_, phase, metrics, parts) => {
    expect(verdict(phase, metrics, parts)).toBe(NOTHING);
  });

  it("says after how long it was stopped", () => {
    const run = makeRun({ phase: "Successful", metrics: [metric("it", "Successful", {}, cut)], ...stopped });
    expect(verdictOf(run).cause).toMatchObject({ reason: "stopped", metric: "it", elapsedMs: 60_000 });
  });

  it("has no verdict before anything was measured", () => {
    const metrics = [metric("it", "Successful", { attempts: [] })];
    expect(verdict("Successful", metrics, stopped)).toBe("none, it -, stopped stopped");
  });

  it.each<[string, Phase, Metric[], string]>([
    ["every measurement had finished", "Successful", [metric("it", "Successful")], "passed, -, -"],
    [
      "it was to be measured until its end",
      "Successful",
      [rate("Successful", "[0.1]", { measuring: measuring({ interval: "1m" }) })],
      "passed, -, -",
    ],
    [
      "another metric had failed: the controller then stops the rest itself",
      "Failed",
      [metric("smoke", "Failed"), metric("it", "Successful", {}, cut)],
      "failed, smoke 1, ? job-failed",
    ],
    [
      "another metric was inconclusive",
      "Inconclusive",
      [metric("smoke", "Inconclusive"), metric("it", "Successful")],
      "none, smoke 1, no-verdict inconclusive",
    ],
  ])("has its verdict where %s", (_, phase, metrics, expected) => {
    expect(verdict(phase, metrics, { terminate: true })).toBe(expected);
  });
});

describe("the cause", () => {
  const causeOf = (phase: Phase, only: Metric, message = "") =>
    verdictOf(makeRun({ phase, metrics: [only], message })).cause;

  it("tells of a failed test what the run knows", () => {
    const message = 'Metric "smoke" assessed Failed due to failed (2) > failureLimit (1)';
    const attempts = [1, 2].map((number) => makeAttempt({ number }));
    expect(causeOf("Failed", makeMetric({ attempts }), message)).toEqual({
      kind: undefined,
      reason: "job-failed",
      metric: "smoke",
      provider: "job",
      attempt: 2,
      attempts: 2,
      value: "",
      message: "",
      limit: { what: "failed", counted: 2, allowed: 1 },
      elapsedMs: undefined,
      openEnded: false,
      backoffLimit: undefined,
      pod: "",
      container: "",
      added: false,
      exitCode: undefined,
      kubernetesReason: "",
      resource: "",
      index: undefined,
      pods: 0,
      failedPods: 0,
      gone: undefined,
    });
  });

  it("tells of a measured value", () => {
    expect(causeOf("Failed", rate("Failed", "[0.31]"))).toMatchObject({
      kind: "test-failed",
      reason: "condition-not-met",
      metric: "error-rate",
      provider: "prometheus",
      value: "[0.31]",
    });
  });

  it("takes no limit of another metric", () => {
    const message = 'Metric "other" assessed Failed due to failed (2) > failureLimit (1)';
    expect(causeOf("Failed", makeMetric(), message)?.limit).toBeUndefined();
  });

  it.each<[Phase, string, string]>([
    ["Failed", "Job has reached the specified backoff limit", "? job-failed"],
    ["Failed", "Job was active longer than specified deadline", "infrastructure deadline"],
    ["Inconclusive", 'container "main": ImagePullBackOff: Back-off pulling image "x"', "infrastructure image"],
    ["Inconclusive", "InvalidImageName", "configuration image"],
    ["Error", 'CreateContainerConfigError: secret "a" not found', "configuration container-config"],
    ["Error", 'jobs.batch "x" is forbidden: exceeded quota: jobs, limited: 1', "infrastructure quota"],
    ["Error", "something went wrong", "? not-measured"],
    ["Inconclusive", "", "no-verdict inconclusive"],
  ])("of a Job's measurement that is %s, %j: %s", (phase, message, expected) => {
    const { kind, reason } = causeOf(phase, metric("smoke", phase, {}, { message })) ?? {};
    expect(`${kind ?? "?"} ${reason}`).toBe(expected);
  });

  it("of an attempt that made no Job is its template, with what Argo Rollouts says", () => {
    const only = metric("smoke", "Error", {}, { claimedJob: undefined, message: "spec is invalid" });
    expect(causeOf("Error", only)).toMatchObject({
      kind: "configuration",
      reason: "job-not-created",
      message: "spec is invalid",
    });
  });

  it.each<[string, string]>([
    ['secrets "token" not found', "configuration not-measured"],
    ["rpc error: code = DeadlineExceeded", "? not-measured"],
    ["429: exceeded quota", "? not-measured"],
  ])("of another provider is no Job's, whatever its message: %s", (message, expected) => {
    const { kind, reason } = causeOf("Error", measuredBy(message)) ?? {};
    expect(`${kind ?? "?"} ${reason}`).toBe(expected);
  });

  it.each<[string, string]>([
    ['Post "https://kubernetes/apis": connect: connection refused', "?"],
    ['admission webhook "policy" denied the request: no latest', "configuration"],
  ])("of a Job that could not be created is the configuration only if the message says so: %s", (message, kind) => {
    const cause = causeOf("Error", metric("smoke", "Error", {}, { claimedJob: undefined, message }));
    expect([cause?.reason, cause?.kind ?? "?"]).toEqual(["job-not-created", kind]);
  });

  it.each(["Unable to resolve metric arguments: x", "Analysis spec invalid: x"])(
    "is the specification where Argo Rollouts did not accept it: %s",
    (message) => {
      const { cause } = verdictOf(makeRun({ phase: "Error", metrics: [], message }));
      expect(cause).toMatchObject({ kind: "configuration", reason: "not-measured", metric: "", message });
    },
  );

  it("is not read out of a measured value's words", () => {
    const only = rate("Failed", "x", { message: "ImagePullBackOff" });
    expect(causeOf("Failed", only)).toMatchObject({ reason: "condition-not-met", message: "ImagePullBackOff" });
  });
});

import { describe, expect, it } from "vitest";
import {
  CauseKind,
  CauseReason,
  NoticeKind,
  SelectionReason,
  Verdict,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { readLog } from "./read-log.ts";
import { type MadeResult, type MadeVerdict, verdictRun } from "./verdict-runs.ts";
import { useVerdictWorld } from "./verdict-world.ts";

const { world, put, get, listed, read, cli, page, row } = useVerdictWorld();

describe("a dry run", () => {
  it("is never the cause of a failed run, nor its log the default", async () => {
    const run = put({
      phase: "Failed",
      message: 'Metric "error-rate" assessed Failed due to failed (1) > failureLimit (0)',
      metrics: [
        { name: "robot-next", phase: "Failed", dryRun: true },
        { name: "error-rate", provider: "prometheus", phase: "Failed", measurement: { value: "[0.31]" } },
      ],
    });
    const { cause, defaultSelection } = await get(run);
    expect(defaultSelection).toBeUndefined();
    expect(cause).toMatchObject({
      kind: CauseKind.TEST_FAILED,
      reason: CauseReason.CONDITION_NOT_MET,
      metricName: "error-rate",
      value: "[0.31]",
      limit: { counted: 1, allowed: 0 },
    });
    expect((await read(run)).error).toMatchObject({
      reason: "METRIC_HAS_NO_LOG",
      message: 'No metric that counts is measured by a Job: "robot-next" is a dry run.',
      available: ["robot-next"],
    });
    const named = await readLog(world().transport, { namespace: "shop", name: run.name, metricName: "robot-next" });
    expect(named.text).toBe("robot-next says\n");
  });

  it("that failed does not keep a run from passing, and is named", async () => {
    const run = put({
      phase: "Successful",
      metrics: [
        { name: "smoke", phase: "Successful" },
        { name: "robot-next", phase: "Failed", dryRun: true },
      ],
    });
    const { summary, cause } = await get(run);
    expect([summary?.verdict, summary?.failedDryRuns, cause]).toEqual([Verdict.PASSED, ["robot-next"], undefined]);
    expect(await listed(run)).toMatchObject({ verdict: Verdict.PASSED, failedDryRuns: ["robot-next"] });
    expect((await read(run)).origin).toMatchObject({ metricName: "smoke", metricReason: SelectionReason.FIRST });
  });
});

describe("a run that was stopped", () => {
  const cut = { message: "metric terminated" };
  const stopped = (phase: string) =>
    put({
      phase,
      message: "Run Terminated",
      spec: { terminate: true },
      metrics: [{ name: "it", phase, message: "metric terminated", measurement: cut }],
    });

  it.each(["Successful", "Inconclusive"])("has no verdict, though its phase is %s", async (phase) => {
    const run = stopped(phase);
    const expected = {
      verdict: Verdict.NONE,
      cause: {
        kind: CauseKind.STOPPED,
        reason: CauseReason.STOPPED,
        metricName: "it",
        attempt: 1,
        elapsed: { seconds: 60n },
      },
    };
    expect((await get(run)).summary).toMatchObject(expected);
    expect(await listed(run)).toMatchObject(expected);
  });

  it("is not listed among those that passed, whatever its phase", async () => {
    const run = stopped("Successful");
    expect(await listed(run, [Verdict.PASSED])).toBeUndefined();
    expect(await listed(run, [Verdict.NONE])).toMatchObject({ name: run.name });
  });

  it("of a metric that is measured until then, and had passed, is told as such", async () => {
    const metric = { name: "it", phase: "Successful", message: "metric terminated", measurement: cut };
    const run = put({
      phase: "Successful",
      message: "Run Terminated",
      spec: { terminate: true },
      metrics: [{ ...metric, spec: { interval: "1m" }, earlier: [{}] }],
    });
    expect((await get(run)).cause).toMatchObject({ reason: CauseReason.STOPPED, openEnded: true });
    expect(await page(run)).toEqual([
      "Verification ran until it was stopped (after 1 min)",
      "**it** was measured until the run was stopped; its last measurement is incomplete.",
      "Its job was deleted while it ran, so the log may be cut off.",
    ]);
    expect(await row(run)).toContain("stopped: it was measured until the run was stopped (after 1 min)");
  });

  it("has its log, which is told to be cut off", async () => {
    const { text, notices } = await read(stopped("Successful"));
    expect(text).toBe("it says\n");
    expect(notices).toMatchObject([
      {
        kind: NoticeKind.ATTEMPT_STOPPED,
        message: "The run was stopped and its Job deleted while it was running, so the log may end early.",
      },
    ]);
  });

  it("by its controller, since a metric failed, has that cause", async () => {
    const run = put({
      phase: "Failed",
      spec: { terminate: true },
      metrics: [
        { name: "smoke", phase: "Failed" },
        { name: "it", phase: "Successful", measurement: cut },
      ],
    });
    expect((await get(run)).cause).toMatchObject({ reason: CauseReason.JOB_FAILED, metricName: "smoke" });
  });
});

describe("an inconclusive run", () => {
  it("shows the log of the metric that came to nothing, not of the first", async () => {
    const run = put({
      phase: "Inconclusive",
      metrics: [
        { name: "smoke", phase: "Successful" },
        { name: "robot", phase: "Inconclusive", measurement: { message: "main: ImagePullBackOff: Back-off pulling" } },
      ],
    });
    const { text, origin } = await read(run);
    expect([text, origin?.metricName, origin?.metricReason]).toEqual([
      "robot says\n",
      "robot",
      SelectionReason.INCONCLUSIVE,
    ]);
    expect((await get(run)).defaultSelection?.metricName).toBe("robot");
    expect(await listed(run)).toMatchObject({
      verdict: Verdict.NONE,
      cause: { kind: CauseKind.INFRASTRUCTURE, reason: CauseReason.IMAGE, metricName: "robot" },
    });
  });
});

describe("a measurement of an older controller, which names no namespace", () => {
  it.each<[string, object]>([
    ["none", {}],
    ["an empty one", { "job-namespace": "" }],
  ])("has its Job in the run's: %s", async (_, namespace) => {
    const made = (phase: string, job = "") => {
      const metadata = { "job-name": job, ...namespace };
      return { phase, metrics: [{ name: "smoke", phase, measurement: { metadata } }] };
    };
    const run = put(made("Running"));
    world().cluster.put(verdictRun({ ...run, ...made("Running", run.job) }));
    world().addPod(run, { containers: { main: terminated(1) } });
    expect((await read(run)).text).toBe("live log of aaaaa\n");
    world().cluster.put(verdictRun({ ...run, ...made("Failed", run.job) }));
    expect((await read(run)).text).toBe("smoke says\n");
  });
});

describe("a run that contradicts itself", () => {
  it.each<[string, Omit<MadeVerdict, "name" | "uid">, Verdict]>([
    [
      "it failed, but no metric did",
      { phase: "Failed", metrics: [{ name: "smoke", phase: "Successful" }] },
      Verdict.FAILED,
    ],
    ["it failed and has no metrics", { phase: "Failed", metrics: [] }, Verdict.FAILED],
    [
      "it passed, but a metric failed",
      { phase: "Successful", metrics: [{ name: "smoke", phase: "Failed" }] },
      Verdict.UNSPECIFIED,
    ],
  ])("has a cause that is not known: %s", async (_, made, verdict) => {
    const run = put(made);
    expect((await get(run)).summary).toMatchObject({
      verdict,
      cause: { kind: CauseKind.UNSPECIFIED, reason: CauseReason.CONTRADICTION },
    });
  });

  it("by a failed metric without measurements has the metric, and no log", async () => {
    const run = put({ phase: "Failed", metrics: [{ name: "smoke", phase: "Failed", measurement: null }] });
    expect((await get(run)).cause).toMatchObject({ metricName: "smoke", attempt: 0 });
    expect((await read(run)).error).toMatchObject({ reason: "ATTEMPT_NOT_FOUND" });
  });
});

describe("what people read", () => {
  it("of a failed metric without a log beside a dry run that failed", async () => {
    const run = put({
      phase: "Failed",
      message: 'Metric "error-rate" assessed Failed due to failed (1) > failureLimit (0)',
      metrics: [
        { name: "robot-next", phase: "Failed", dryRun: true },
        { name: "error-rate", provider: "prometheus", phase: "Failed", measurement: { value: "[0.31]" } },
      ],
    });
    expect(await page(run)).toEqual([
      "Verification failed: error-rate",
      "Measured by **prometheus**: the last value was **[0.31]**.",
      "The metric allows 0 failures; it counted **1**.",
    ]);
    const { out } = await cli("why", run.name);
    expect(out).toContain("\n  test failed: error-rate is [0.31], which is not allowed.\n");
    expect(out).toContain("\ndry run robot-next: Failed, which does not count\n");
    expect(out).not.toContain("robot-next says");
    expect(await row(run)).toBe(
      `Failed | AGE | uat | ${run.name} | test failed: error-rate is [0.31], which is not allowed.`,
    );
  });

  it("of a run that passed, though a dry run failed", async () => {
    const run = put({
      phase: "Successful",
      metrics: [
        { name: "smoke", phase: "Successful" },
        { name: "robot-next", phase: "Failed", dryRun: true },
      ],
    });
    expect(await page(run)).toEqual([
      "Verification passed",
      "Its metric passed.",
      "Dry run robot-next failed, which does not count.",
    ]);
    expect((await cli("why", run.name)).out).toContain("\ndry run robot-next: Failed, which does not count\n");
    expect(await row(run)).toBe(`Successful | AGE | uat | ${run.name} | dry run robot-next failed`);
    expect((await cli("logs", run.name, "--exit-status")).code).toBe(0);
  });

  it.each(["Successful", "Inconclusive"])("of a run that was stopped, and is called %s", async (phase) => {
    const measurement = { message: "metric terminated" };
    const run = put({
      phase,
      message: "Run Terminated",
      spec: { terminate: true },
      metrics: [{ name: "it", phase, measurement }],
    });
    expect((await page(run)).slice(0, 2)).toEqual([
      "Verification was stopped before it had a verdict (after 1 min)",
      "Its job was deleted while it ran, so the log may be cut off.",
    ]);
    const why = await cli("why", run.name);
    expect(why.out).toContain(`${run.name}: Stopped, `);
    expect(why.out).toContain("\n  stopped: It was stopped before it had a verdict (after 1 min).\n");
    expect(why.out).toContain(
      "\n  The run was stopped and its Job deleted while it was running, so the log may end early.\n",
    );
    expect(await row(run)).toBe(
      `Stopped | AGE | uat | ${run.name} | stopped: It was stopped before it had a verdict (after 1 min).`,
    );
    const logs = await cli("logs", run.name, "--exit-status");
    expect([logs.code, logs.said.at(-1)]).toEqual([
      10,
      "error: the verification has no verdict: stopped: It was stopped before it had a verdict (after 1 min).",
    ]);
    expect(logs.said.join("\n")).toContain("the log may end early");
  });

  it("of an inconclusive run, which wants explaining as a failed one does", async () => {
    const run = put({
      phase: "Inconclusive",
      metrics: [
        { name: "smoke", phase: "Successful" },
        { name: "robot", phase: "Inconclusive", measurement: { message: "main: ImagePullBackOff: Back-off pulling" } },
      ],
    });
    expect(await page(run)).toEqual([
      "Verification inconclusive: robot",
      "An image of **robot** could not be pulled: main: ImagePullBackOff: Back-off pulling",
    ]);
    const why = await cli("why", run.name);
    expect(why.out).toContain(
      "\n  infrastructure: An image of robot could not be pulled: main: ImagePullBackOff: Back-off pulling\n",
    );
    expect(why.out).toContain("\nmetric robot: Inconclusive\n");
    expect(why.out).toContain(" robot says\n");
    expect(why.out).not.toContain("smoke says");
    const failed = await cli("runs", "--failed");
    expect(failed.out).toContain(run.name);
    expect(failed.said).toContain("note: --failed includes runs that were inconclusive");
    const logs = await cli("logs", run.name, "--exit-status");
    expect([logs.code, logs.out]).toEqual([10, "robot says\n"]);
    expect(logs.said[0]).toContain("metric=robot (inconclusive)");
  });

  it.each<[string, Omit<MadeVerdict, "name" | "uid">, string, string]>([
    [
      "failed without a failed metric",
      { phase: "Failed", metrics: [{ name: "smoke", phase: "Successful" }] },
      "Verification failed",
      "The run does not report which metric decided.",
    ],
    [
      "passed with a failed metric",
      { phase: "Successful", metrics: [{ name: "smoke", phase: "Failed" }] },
      "Verification: result unknown",
      "The run reports that it passed, but its metric **smoke** did not.",
    ],
  ])("of a run that %s is that its cause is not known", async (_, made, title, sentence) => {
    const run = put(made);
    expect(await page(run)).toEqual([title, sentence]);
    expect(await row(run)).toContain(`cause unknown: ${sentence.replaceAll("**", "")}`);
  });

  it.each<[string, MadeResult, string]>([
    [
      "a quota",
      {
        name: "it",
        phase: "Error",
        measurement: { metadata: {}, message: 'jobs.batch "x" is forbidden: exceeded quota: jobs' },
      },
      'infrastructure: A quota does not allow the job of it: jobs.batch "x" is forbidden: exceeded quota: jobs',
    ],
    [
      "a template",
      { name: "it", phase: "Error", measurement: { metadata: {}, message: "spec.template is invalid" } },
      "configuration: The job of it could not be created: spec.template is invalid",
    ],
    [
      "a deadline",
      { name: "it", phase: "Failed", measurement: { message: "Job was active longer than specified deadline" } },
      "infrastructure: it ran for longer than its deadline allows.",
    ],
    [
      "a measurement that could not be taken",
      { name: "rate", provider: "web", phase: "Error", measurement: { message: "received a 500" } },
      "cause unknown: rate could not be measured: received a 500",
    ],
    [
      "an inconclusive value",
      { name: "rate", provider: "web", phase: "Inconclusive", measurement: { value: "5" } },
      "no verdict: rate came to no verdict.",
    ],
  ])("of %s is told by its kind", async (_, metric, sentence) => {
    const run = put({ phase: metric.phase, metrics: [metric] });
    expect(await row(run)).toBe(`${metric.phase} | AGE | uat | ${run.name} | ${sentence}`);
    expect((await cli("why", run.name)).out).toContain(`\n  ${sentence}\n`);
  });
});

import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  type AnalysisRun,
  AnalysisRunLogService,
  type AnalysisRunSummary,
  CauseKind,
  CauseReason,
  NoticeKind,
  SelectionReason,
  Verdict,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { type PodRun, usePodWorld } from "./pod-world.ts";
import { as, readLog } from "./read-log.ts";
import { jobOf, type MadeVerdict, verdictRun } from "./verdict-runs.ts";

const world = usePodWorld();
let runs = 0;

/** A run, and its metrics' logs in the archive. */
function put(made: Omit<MadeVerdict, "name" | "uid">): PodRun {
  runs += 1;
  const ref = { name: `uat.verdict-${runs}`, uid: `00000000-0000-4000-8000-${String(runs).padStart(12, "7")}` };
  world().cluster.put(verdictRun({ ...ref, ...made }));
  const run = { namespace: "shop", ...ref, job: jobOf(ref.uid, made.metrics[0]?.name ?? "") };
  for (const { name } of made.metrics) world().archive({ ...run, job: jobOf(ref.uid, name) }, sends(`${name} says\n`));
  return run;
}

async function get({ namespace, name }: PodRun): Promise<AnalysisRun> {
  const client = createClient(AnalysisRunLogService, world().transport);
  const { analysisRun } = await client.getAnalysisRun({ namespace, name }, as(TOKENS.reader));
  if (analysisRun === undefined) throw new Error("There is no run in the answer.");
  return analysisRun;
}

async function listed({ name }: PodRun): Promise<AnalysisRunSummary | undefined> {
  const client = createClient(AnalysisRunLogService, world().transport);
  const { analysisRuns } = await client.listAnalysisRuns({ namespace: "shop", pageSize: 500 }, as(TOKENS.reader));
  return analysisRuns.find((each) => each.name === name);
}

const read = (run: PodRun) => readLog(world().transport, { namespace: run.namespace, name: run.name });

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

  it("has its log, which is told to be cut off", async () => {
    const { text, notices } = await read(stopped("Successful"));
    expect(text).toBe("it says\n");
    expect(notices).toMatchObject([
      {
        kind: NoticeKind.ATTEMPT_STOPPED,
        message: "The run was stopped and its Job deleted while it ran: the log may be cut off here.",
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

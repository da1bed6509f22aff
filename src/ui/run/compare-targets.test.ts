import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunSchema,
  GetAnalysisRunResponseSchema,
  ListAnalysisRunsResponseSchema,
  MetricSchema,
  Verdict,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import { defaultTarget, isOlder, lastAttempt, lastPassed, otherAttempts, otherRuns } from "./compare-targets.ts";

const { SUCCESSFUL, FAILED } = AnalysisPhase;

/** A run of the stage uat with one job metric, whose attempts have these phases. */
function run(
  name: string,
  phases: readonly AnalysisPhase[],
  { metric = "robot", provider = "job", rollout = "" } = {},
) {
  return create(AnalysisRunSchema, {
    summary: { name, stage: "uat", phase: SUCCESSFUL, verdict: Verdict.PASSED },
    rollout,
    freight: [{ name: "0123456789abcdef", alias: "" }],
    metrics: [{ name: metric, provider, attempts: phases.map((phase, index) => ({ number: index + 3, phase })) }],
  });
}

/** A client of a project in which these runs passed, newest first. */
function clientOf(runs: readonly ReturnType<typeof run>[]) {
  const asked: unknown[] = [];
  const client: Pick<TaffrailClient, "listAnalysisRuns" | "getAnalysisRun"> = {
    async listAnalysisRuns(request) {
      asked.push(request);
      const analysisRuns = runs.flatMap(({ summary }) => (summary === undefined ? [] : [summary]));
      return create(ListAnalysisRunsResponseSchema, { analysisRuns });
    },
    async getAnalysisRun({ name }) {
      const analysisRun = runs.find(({ summary }) => summary?.name === name);
      return create(GetAnalysisRunResponseSchema, analysisRun === undefined ? {} : { analysisRun });
    },
  };
  return { client, asked };
}

const find = (runs: readonly ReturnType<typeof run>[], of = run("uat.now", [FAILED])) =>
  lastPassed(clientOf(runs).client, "shop", of, "robot", new AbortController().signal);

it("finds the newest run of the stage in which the metric passed, and its attempt", async () => {
  const { client, asked } = clientOf([run("uat.2", [FAILED, SUCCESSFUL, FAILED]), run("uat.1", [SUCCESSFUL])]);
  const found = await lastPassed(client, "shop", run("uat.now", [FAILED]), "robot", new AbortController().signal);
  expect(found).toEqual({ run: "uat.2", attempt: 4, freight: "0123456" });
  expect(asked).toEqual([{ namespace: "shop", stage: "uat", verdicts: [Verdict.PASSED], pageSize: 50 }]);
});

it("skips the run itself, runs without this metric as a job, and those of another Rollout", async () => {
  const others = [
    run("uat.now", [SUCCESSFUL]),
    run("uat.5", [SUCCESSFUL], { metric: "smoke" }),
    run("uat.4", [SUCCESSFUL], { provider: "web" }),
    run("uat.3", [SUCCESSFUL], { rollout: "shop" }),
    run("uat.2", []),
  ];
  expect((await find([...others, run("uat.1", [SUCCESSFUL])]))?.run).toBe("uat.1");
  expect(await find(others)).toBeUndefined();
  expect(await find([])).toBeUndefined();
});

it("skips runs that were stopped, though their phase be successful, and those without a verdict", async () => {
  const stopped = run("uat.2", [SUCCESSFUL]);
  if (stopped.summary) Object.assign(stopped.summary, { phase: SUCCESSFUL, verdict: Verdict.NONE });
  const passed = run("uat.1", [SUCCESSFUL]);
  if (passed.summary) Object.assign(passed.summary, { phase: SUCCESSFUL, verdict: Verdict.PASSED });
  expect((await find([stopped, passed]))?.run).toBe("uat.1");
  expect(await find([stopped])).toBeUndefined();
});

it("searches only the last five runs that passed", async () => {
  const others = Array.from({ length: 5 }, (_, at) => run(`uat.${9 - at}`, [SUCCESSFUL], { metric: "smoke" }));
  expect(await find([...others, run("uat.1", [SUCCESSFUL])])).toBeUndefined();
});

it("prefers the previous attempt, then any other, then the run that passed", () => {
  const metric = create(MetricSchema, { attempts: [3, 4, 6].map((number) => ({ number })) });
  const passed = { run: "uat.1", attempt: 1, freight: "" };
  const usual = (attempt: number) => defaultTarget(otherAttempts(metric, attempt), attempt, passed);
  expect(usual(6)).toEqual({ run: "", attempt: 4 });
  expect(usual(4)).toEqual({ run: "", attempt: 3 });
  expect(usual(3)).toEqual({ run: "", attempt: 6 });
  expect(defaultTarget([], 1, passed)).toBe(passed);
  expect(defaultTarget([], 1, undefined)).toBeUndefined();
});

it("lists the other runs of the stage, page by page", async () => {
  const pages = [[run("uat.3", []), run("uat.now", [])], [run("uat.2", [])], [run("uat.1", [])]];
  const client: Pick<TaffrailClient, "listAnalysisRuns"> = {
    async listAnalysisRuns({ namespace, stage, pageToken }) {
      expect([namespace, stage]).toEqual(["shop", "uat"]);
      const page = Number(pageToken || 0);
      const analysisRuns = pages[page]?.flatMap(({ summary }) => summary ?? []) ?? [];
      return create(ListAnalysisRunsResponseSchema, {
        analysisRuns,
        nextPageToken: page + 1 < pages.length ? String(page + 1) : "",
      });
    },
  };
  const list = async (count: number) => {
    const { runs, hasMore } = await otherRuns(client, "shop", run("uat.now", []), count, new AbortController().signal);
    return [runs.map(({ name }) => name).join(" "), hasMore];
  };
  expect(await list(1)).toEqual(["uat.3", true]);
  expect(await list(2)).toEqual(["uat.3 uat.2", true]);
  expect(await list(9)).toEqual(["uat.3 uat.2 uat.1", false]);
});

it("knows the last attempt of a metric, and which run is older", () => {
  expect(lastAttempt(run("uat.1", [FAILED, SUCCESSFUL]), "robot")).toBe(4);
  expect(lastAttempt(run("uat.1", []), "robot")).toBe(0);
  expect(lastAttempt(undefined, "robot")).toBe(0);
  const at = (seconds: bigint) => create(AnalysisRunSchema, { summary: { createTime: { seconds, nanos: 0 } } });
  expect([isOlder(at(1n), at(2n)), isOlder(at(3n), at(2n)), isOlder(undefined, at(2n))]).toEqual([true, false, true]);
});

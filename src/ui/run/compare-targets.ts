import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AnalysisPhase,
  type AnalysisRun,
  type AnalysisRunSummary,
  type Metric,
  Verdict,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { CompareTarget } from "./compare-query.ts";

/** Runs per page of the list of a Stage. */
const PAGE_SIZE = 50;

/** How many of the last runs that passed are searched for the metric. */
const MAX_RUNS = 5;

/** An attempt that passed, of another run. */
export interface PassedTarget extends CompareTarget {
  /** What the run verified. */
  readonly freight: string;
}

/** The other attempts of a metric, newest first. */
export function otherAttempts(metric: Metric, attempt: number): readonly CompareTarget[] {
  return metric.attempts
    .filter(({ number }) => number !== attempt)
    .map(({ number }) => ({ run: "", attempt: number }))
    .reverse();
}

/** The default target: the previous attempt, else any other, else the last run that passed. */
export function defaultTarget(
  attempts: readonly CompareTarget[],
  attempt: number,
  passed: PassedTarget | undefined,
): CompareTarget | undefined {
  return attempts.find((each) => each.attempt < attempt) ?? attempts[0] ?? passed;
}

/**
 * Finds the newest other run of the same Stage (or the same Rollout) in which a metric passed.
 *
 * @returns `undefined` if none of the last few that passed has the metric.
 * @throws ConnectError
 */
export async function lastPassed(
  client: Pick<TaffrailClient, "listAnalysisRuns" | "getAnalysisRun">,
  namespace: string,
  run: AnalysisRun,
  metricName: string,
  signal: AbortSignal,
): Promise<PassedTarget | undefined> {
  const { name = "", stage = "" } = run.summary ?? {};
  const verdicts = [Verdict.PASSED];
  const listed = await client.listAnalysisRuns({ namespace, stage, verdicts, pageSize: PAGE_SIZE }, { signal });
  // Servers that do not know this filter list all runs. Without a Stage, those of all Stages are listed.
  const others = listed.analysisRuns
    .filter((each) => each.name !== name && each.stage === stage && each.verdict === Verdict.PASSED)
    .slice(0, MAX_RUNS);
  for (const other of others) {
    const { analysisRun } = await client.getAnalysisRun({ namespace, name: other.name }, { signal });
    if (analysisRun === undefined || analysisRun.rollout !== run.rollout) continue;
    const metric = analysisRun.metrics.find((each) => each.name === metricName && each.provider === "job");
    const attempt = metric?.attempts.findLast(({ phase }) => phase === AnalysisPhase.SUCCESSFUL);
    if (attempt === undefined) continue;
    const [freight] = analysisRun.freight;
    return { run: other.name, attempt: attempt.number, freight: freight?.alias || freight?.name.slice(0, 7) || "" };
  }
  return undefined;
}

/** Runs of a Stage, newest first. */
export interface StageRuns {
  readonly runs: readonly AnalysisRunSummary[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

/**
 * Lists the other runs of the same Stage.
 *
 * @param pages how many pages to read.
 * @throws ConnectError
 */
export async function otherRuns(
  client: Pick<TaffrailClient, "listAnalysisRuns">,
  namespace: string,
  run: AnalysisRun,
  pages: number,
  signal: AbortSignal,
): Promise<StageRuns> {
  const { name = "", stage = "" } = run.summary ?? {};
  const runs: AnalysisRunSummary[] = [];
  let pageToken = "";
  for (let page = 0; page < pages && (page === 0 || pageToken !== ""); page += 1) {
    const listed = await client.listAnalysisRuns({ namespace, stage, pageSize: PAGE_SIZE, pageToken }, { signal });
    // Without a Stage, all are listed.
    runs.push(...listed.analysisRuns.filter((each) => each.name !== name && each.stage === stage));
    pageToken = listed.nextPageToken;
  }
  return { runs, hasMore: pageToken !== "" };
}

/** The last attempt of a metric; 0 if there is none. */
export function lastAttempt(run: AnalysisRun | undefined, metric: string): number {
  return run?.metrics.find(({ name }) => name === metric)?.attempts.at(-1)?.number ?? 0;
}

/** Whether a run was created before another one. One that is not known counts as older. */
export function isOlder(run: AnalysisRun | undefined, other: AnalysisRun): boolean {
  const [one, two] = [run?.summary?.createTime, other.summary?.createTime];
  return one === undefined || two === undefined || timestampMs(one) <= timestampMs(two);
}

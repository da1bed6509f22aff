import { AnalysisPhase, type AnalysisRun, type Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hasPassed } from "../../client/cause.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { CompareTarget } from "./compare-query.ts";

/** How many of the last runs that passed are searched for the metric. */
const MAX_RUNS = 5;
/** Some of the listed runs were stopped, and one may be the run itself. */
const PAGE_SIZE = 20;

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
  const phases = [AnalysisPhase.SUCCESSFUL];
  const listed = await client.listAnalysisRuns({ namespace, stage, phases, pageSize: PAGE_SIZE }, { signal });
  const others = listed.analysisRuns
    .filter((each) => each.name !== name && each.stage === stage && hasPassed(each))
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

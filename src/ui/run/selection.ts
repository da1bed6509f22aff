import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { AnalysisRun, Attempt, Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChoice } from "../../client/addresses.ts";
import { causeOf } from "../../client/cause.ts";
import { latestTime } from "../../stream/line-time.ts";

/** The log of a run that is shown. */
export interface LogSelection {
  readonly metric: Metric | undefined;
  /** The metric's name in the address, if the run has no such metric. */
  readonly missing: string;
  /** 0: none yet, or unknown. */
  readonly attempt: number;
  /** Empty: the server chooses. */
  readonly container: string;
  readonly isAll: boolean;
  /** Whether the logs of all pods are shown. */
  readonly allPods: boolean;
}

/** The log that an address names; by default the one that decided the run's phase. */
export function selectionOf(run: AnalysisRun, choice: LogChoice | undefined): LogSelection {
  if (choice === undefined) {
    const { metric, attempt } = causeOf(run);
    const isDefault = metric?.name === run.defaultSelection?.metricName;
    return {
      metric,
      missing: "",
      attempt: attempt?.number ?? 0,
      container: (isDefault && run.defaultSelection?.containerName) || "",
      isAll: false,
      allPods: false,
    };
  }
  const metric = run.metrics.find(({ name }) => name === choice.metric);
  const isAll = choice.container === "all" && !metric?.containers.some(({ name }) => name === "all");
  return {
    metric,
    missing: metric === undefined ? choice.metric : "",
    attempt: attemptOf(run, metric, choice.attempt),
    container: isAll ? "" : (choice.container ?? ""),
    isAll,
    allPods: choice.allPods ?? false,
  };
}

function attemptOf(run: AnalysisRun, metric: Metric | undefined, wanted: string | undefined): number {
  const last = metric?.attempts.at(-1)?.number ?? 0;
  if (wanted === "last") return last;
  if (wanted !== undefined) return Number(wanted);
  return metric?.name === run.defaultSelection?.metricName ? (run.defaultSelection?.attempt ?? last) : last;
}

/** The attempt of a selection, if the run has it. */
export function selectedAttempt({ metric, attempt }: LogSelection): Attempt | undefined {
  return metric?.attempts.find(({ number }) => number === attempt);
}

/** When times without a year in an attempt's log were at the latest; `undefined` if that is unknown. */
export function latestOf(attempt: Attempt | undefined): string | undefined {
  const { startTime, endTime } = attempt ?? {};
  if (startTime === undefined && endTime === undefined) return undefined;
  return latestTime(isoText(startTime), isoText(endTime), Number.NaN);
}

function isoText(time: Timestamp | undefined): string | undefined {
  return time && timestampDate(time).toISOString();
}

/** The address of a selection. It always has the attempt's number, since `last` changes over time. */
export function choiceOf(metric: Metric, attempt: number, container: string, allPods = false): LogChoice {
  return {
    metric: metric.name,
    ...(attempt > 0 && { attempt: String(attempt) }),
    ...(container && { container }),
    ...(allPods && { allPods }),
  };
}

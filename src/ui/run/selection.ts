import type { AnalysisRun, Attempt, Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChoice } from "../../client/addresses.ts";
import { causeOf } from "../../client/cause.ts";

/** Which log of a run is shown. */
export interface Selection {
  readonly metric: Metric | undefined;
  /** The name that the address has, where the run has no such metric. */
  readonly missing: string;
  /** 0: none yet, or none is known. */
  readonly attempt: number;
  /** Empty: whichever the server chooses. */
  readonly container: string;
  readonly isAll: boolean;
}

/** Finds what an address means; without a choice in it, what the run's reader wants to see first. */
export function selectionOf(run: AnalysisRun, choice: LogChoice | undefined): Selection {
  if (choice === undefined) {
    const { metric, attempt } = causeOf(run);
    const isDefault = metric?.name === run.defaultSelection?.metricName;
    return {
      metric,
      missing: "",
      attempt: attempt?.number ?? 0,
      container: (isDefault && run.defaultSelection?.containerName) || "",
      isAll: false,
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
  };
}

function attemptOf(run: AnalysisRun, metric: Metric | undefined, wanted: string | undefined): number {
  const last = metric?.attempts.at(-1)?.number ?? 0;
  if (wanted === "last") return last;
  if (wanted !== undefined) return Number(wanted);
  return metric?.name === run.defaultSelection?.metricName ? (run.defaultSelection?.attempt ?? last) : last;
}

/** The attempt of a selection, where the run knows it. */
export function selectedAttempt({ metric, attempt }: Selection): Attempt | undefined {
  return metric?.attempts.find(({ number }) => number === attempt);
}

/** The address of a selection: the number of its attempt is always written out, since `last` is another one tomorrow. */
export function choiceOf(metric: Metric, attempt: number, container: string): LogChoice {
  return { metric: metric.name, ...(attempt > 0 && { attempt: String(attempt) }), ...(container && { container }) };
}

import { AnalysisPhase, type AnalysisRun } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Cause, causeOf, containerStatus, isOpen } from "../../client/cause.ts";
import { phaseText } from "../parts/phase.tsx";
import type { Text } from "../text/en.ts";
import { reasons } from "./reasons.ts";
import { type LogSelection, selectedAttempt } from "./selection.ts";

/**
 * What is told of an attempt that is shown, in place of the run's cause.
 *
 * @returns `undefined` if the shown attempt is the one that decided.
 */
export function otherAttempt(run: AnalysisRun, selection: LogSelection): Cause | undefined {
  const cause = causeOf(run);
  const { metric } = selection;
  const attempt = selectedAttempt(selection);
  const isJob = metric?.provider === "job";
  if (metric === undefined || (isJob && attempt === undefined)) return undefined;
  if (metric.name === cause.metric?.name && (!isJob || attempt?.number === cause.attempt?.number)) return undefined;
  const isDefault = metric.name === run.defaultSelection?.metricName;
  const container = selection.container || (isDefault ? undefined : metric.containers.at(-1)?.name);
  return {
    phase: (isJob ? attempt?.phase : metric.phase) ?? AnalysisPhase.UNSPECIFIED,
    metric,
    attempt: isJob ? attempt : undefined,
    container: attempt && isJob ? containerStatus(run, attempt, container) : undefined,
    told: undefined,
    limit: undefined,
    message: "",
  };
}

/** The attempt's result in one line. */
export function attemptHeadline({ phase, metric, attempt }: Cause, text: Text): string {
  const of =
    attempt === undefined ? "" : text.cause.attemptOf(attempt.number, Math.max(attempt.number, attemptsOf(metric)));
  return text.cause.shown(`${metric?.name ?? ""}${of}`, phaseText(phase, text));
}

/** Sentences that explain the attempt's result. */
export function attemptReasons(
  other: Cause,
  run: AnalysisRun,
  text: Text,
  now: number,
  language: string,
): readonly string[] {
  // What explains a run that passed counts its metrics.
  if (other.phase === AnalysisPhase.SUCCESSFUL || (isOpen(other.phase) && other.attempt === undefined)) return [];
  return reasons(other, run, text, now, language);
}

function attemptsOf(metric: Cause["metric"]): number {
  return metric?.attempts.at(-1)?.number ?? 0;
}

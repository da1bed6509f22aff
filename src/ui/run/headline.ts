import { durationMs } from "@bufbuild/protobuf/wkt";
import { AnalysisPhase, CauseReason, type Cause as ToldCause } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Cause } from "../../client/cause.ts";
import type { Text } from "../text/en.ts";
import { spanText } from "../text/format.ts";

/** The run's result in one line. */
export function headline({ phase, told, metric, attempt }: Cause, { cause: text }: Text, language: string): string {
  if (told?.reason === CauseReason.STOPPED) {
    const elapsed = elapsedText(told, language);
    return told.openEnded ? text.ranUntilStopped(elapsed) : text.stopped(elapsed);
  }
  if (told?.reason === CauseReason.CONTRADICTION || told?.metricName === "") return withoutMetric(phase, text);
  const name = metric?.name ?? "";
  const isJob = metric?.provider === "job";
  const attempts = metric?.attempts.length ?? 0;
  const counted =
    isJob && attempt !== undefined ? text.attemptOf(attempt.number, Math.max(attempts, attempt.number)) : "";
  switch (phase) {
    case AnalysisPhase.FAILED:
      return text.failed(name, counted);
    case AnalysisPhase.ERROR:
      return text.error(name, counted);
    case AnalysisPhase.RUNNING:
      return text.running(name, isJob && attempt !== undefined ? text.attempt(attempt.number) : "");
    case AnalysisPhase.PENDING:
      return text.pending;
    case AnalysisPhase.SUCCESSFUL:
      return text.successful;
    case AnalysisPhase.INCONCLUSIVE:
      return text.inconclusive(name);
    default:
      return text.unknown;
  }
}

/** The result of a run that does not report which metric decided. */
function withoutMetric(phase: AnalysisPhase, text: Text["cause"]): string {
  switch (phase) {
    case AnalysisPhase.FAILED:
      return text.failedUnknown;
    case AnalysisPhase.ERROR:
      return text.errorUnknown;
    case AnalysisPhase.INCONCLUSIVE:
      return text.inconclusiveUnknown;
    default:
      return text.resultUnknown;
  }
}

/** For how long a run had been running when it was stopped; empty if that is unknown. */
export function elapsedText({ elapsed }: ToldCause, language: string): string {
  return elapsed === undefined ? "" : spanText(durationMs(elapsed), language);
}

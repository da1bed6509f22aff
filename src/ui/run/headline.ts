import { AnalysisPhase } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Cause } from "../../client/cause.ts";
import type { Text } from "../text/en.ts";

/** The run's result in one line. */
export function headline({ phase, metric, attempt }: Cause, { cause: text }: Text): string {
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

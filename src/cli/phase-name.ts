import { AnalysisPhase } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** `ANALYSIS_PHASE_FAILED` is `Failed` where people read it. */
export function phaseName(phase: AnalysisPhase | undefined): string {
  const names: Readonly<Record<number, string>> = {
    [AnalysisPhase.PENDING]: "Pending",
    [AnalysisPhase.RUNNING]: "Running",
    [AnalysisPhase.SUCCESSFUL]: "Successful",
    [AnalysisPhase.FAILED]: "Failed",
    [AnalysisPhase.ERROR]: "Error",
    [AnalysisPhase.INCONCLUSIVE]: "Inconclusive",
  };
  return names[phase ?? AnalysisPhase.UNSPECIFIED] ?? "-";
}

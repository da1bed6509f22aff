import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AnalysisPhase, type AnalysisRunSummary } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A phase as users see it: `Failed` for `ANALYSIS_PHASE_FAILED`. */
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

/** How long ago a run was created, abbreviated: `90s`, `5m`, `3h`, `2d`. */
export function age({ createTime }: AnalysisRunSummary, now: number): string {
  if (createTime === undefined) return "-";
  const seconds = Math.max(0, Math.round((now - timestampMs(createTime)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

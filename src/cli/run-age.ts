import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AnalysisRunSummary } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** How long ago a run was created, in a few characters: `90s`, `5m`, `3h`, `2d`. */
export function age({ createTime }: AnalysisRunSummary, now: number): string {
  if (createTime === undefined) return "-";
  const seconds = Math.max(0, Math.round((now - timestampMs(createTime)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

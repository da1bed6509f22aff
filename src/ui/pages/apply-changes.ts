import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AnalysisRunChange,
  AnalysisRunChangeKind,
  type AnalysisRunSummary,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** The runs after changes, newest first. */
export function applyChanges(
  runs: readonly AnalysisRunSummary[],
  changes: readonly AnalysisRunChange[],
): readonly AnalysisRunSummary[] {
  const byUid = new Map(runs.map((run) => [run.uid, run]));
  for (const { kind, analysisRun: run } of changes) {
    if (run === undefined) continue;
    const isGone = kind === AnalysisRunChangeKind.DELETED || kind === AnalysisRunChangeKind.LEFT;
    if (isGone) byUid.delete(run.uid);
    else byUid.set(run.uid, run);
  }
  return [...byUid.values()].sort((a, b) => createdMs(b) - createdMs(a) || (a.name < b.name ? -1 : 1));
}

function createdMs({ createTime }: AnalysisRunSummary): number {
  return createTime ? timestampMs(createTime) : 0;
}

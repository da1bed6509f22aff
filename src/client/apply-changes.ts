import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AnalysisRunChange,
  type AnalysisRunSummary,
  AnalysisRunChangeKind as Kind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** What became of a run: it is there, is another than it was, is no more, or is not among those that were asked for any more. */
export interface RunChange {
  readonly kind: "added" | "modified" | "deleted" | "left";
  /** As it is now; of one that is gone, as it was. */
  readonly run: AnalysisRunSummary;
}

const KINDS = new Map<Kind, RunChange["kind"]>([
  [Kind.ADDED, "added"],
  [Kind.MODIFIED, "modified"],
  [Kind.DELETED, "deleted"],
  [Kind.LEFT, "left"],
]);

/** A server's changes, but for those of kinds that are not known here. */
export function changesOf(changes: readonly AnalysisRunChange[]): readonly RunChange[] {
  return changes.flatMap(({ kind: told, analysisRun: run }) => {
    const kind = KINDS.get(told);
    return run === undefined || kind === undefined ? [] : [{ kind, run }];
  });
}

/** The runs after changes, newest first. */
export function applyChanges(
  runs: readonly AnalysisRunSummary[],
  changes: readonly RunChange[],
): readonly AnalysisRunSummary[] {
  const byUid = new Map(runs.map((run) => [run.uid, run]));
  for (const { kind, run } of changes) {
    if (kind === "deleted" || kind === "left") byUid.delete(run.uid);
    else byUid.set(run.uid, run);
  }
  return [...byUid.values()].sort((a, b) => createdMs(b) - createdMs(a) || (a.name < b.name ? -1 : 1));
}

/** What became of runs while nobody was told: what has gone first, then what is there, oldest first. Whether one was deleted or only left is not known then. */
export function diffRuns(
  before: readonly AnalysisRunSummary[],
  now: readonly AnalysisRunSummary[],
): readonly RunChange[] {
  const there = new Set(now.map(({ uid }) => uid));
  const known = new Map(before.map((run) => [run.uid, run]));
  return [
    ...before.filter(({ uid }) => !there.has(uid)).map((run): RunChange => ({ kind: "left", run })),
    ...[...now].reverse().flatMap((run): readonly RunChange[] => {
      const was = known.get(run.uid);
      if (was === undefined) return [{ kind: "added", run }];
      return textOf(was) === textOf(run) ? [] : [{ kind: "modified", run }];
    }),
  ];
}

function createdMs({ createTime }: AnalysisRunSummary): number {
  return createTime ? timestampMs(createTime) : 0;
}

/** All of a run, to compare it by: what comes from one server has its fields in one order. */
function textOf(run: AnalysisRunSummary): string {
  return JSON.stringify(run, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AnalysisRunChange,
  type AnalysisRunSummary,
  AnalysisRunChangeKind as Kind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A change of a run in a list: it was added, modified or deleted, or `left`: it no longer matches the request. */
export interface RunChange {
  readonly kind: "added" | "modified" | "deleted" | "left";
  /** The run as it is now; if it is gone, as it was. */
  readonly run: AnalysisRunSummary;
}

const KINDS = new Map<Kind, RunChange["kind"]>([
  [Kind.ADDED, "added"],
  [Kind.MODIFIED, "modified"],
  [Kind.DELETED, "deleted"],
  [Kind.LEFT, "left"],
]);

/** A server's changes, without those of unknown kinds. */
export function changesOf(changes: readonly AnalysisRunChange[]): readonly RunChange[] {
  return changes.flatMap(({ kind: serverKind, analysisRun: run }) => {
    const kind = KINDS.get(serverKind);
    return run === undefined || kind === undefined ? [] : [{ kind, run }];
  });
}

/** Applies changes to a list of runs. Returns them newest first. */
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

/**
 * The changes between two lists: first the runs that are gone, then the others, oldest first. Whether a run was deleted
 * or only left the list is unknown.
 */
export function diffRuns(
  before: readonly AnalysisRunSummary[],
  now: readonly AnalysisRunSummary[],
): readonly RunChange[] {
  const present = new Set(now.map(({ uid }) => uid));
  const known = new Map(before.map((run) => [run.uid, run]));
  return [
    ...before.filter(({ uid }) => !present.has(uid)).map((run): RunChange => ({ kind: "left", run })),
    ...[...now].reverse().flatMap((run): readonly RunChange[] => {
      const was = known.get(run.uid);
      if (was === undefined) return [{ kind: "added", run }];
      return serialize(was) === serialize(run) ? [] : [{ kind: "modified", run }];
    }),
  ];
}

function createdMs({ createTime }: AnalysisRunSummary): number {
  return createTime ? timestampMs(createTime) : 0;
}

/** All of a run, for comparison: messages of one server have their fields in the same order. */
function serialize(run: AnalysisRunSummary): string {
  return JSON.stringify(run, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

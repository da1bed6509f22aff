import type { RunSummary } from "./run.ts";
import { passes, type RunFilter } from "./run-filter.ts";

/** The newest runs that pass a filter. */
export interface RunWindow {
  /** Newest first. */
  readonly runs: readonly RunSummary[];
  /** Whether there are older ones beyond the limit. */
  readonly more: boolean;
}

/**
 * - `added`: it is now in the window.
 * - `modified`: its summary has changed.
 * - `deleted`: it no longer exists.
 * - `left`: it is no longer in the window.
 */
export type RunChangeKind = "added" | "modified" | "deleted" | "left";

/** A change to one run between two windows. */
export interface RunChange {
  readonly kind: RunChangeKind;
  /** The current run or, if it is no longer in the window, its last state. */
  readonly run: RunSummary;
}

/**
 * Selects the newest runs that pass.
 *
 * @param all newest first.
 * @param allowed whether the caller may read the run's Stage. Called no more often than necessary.
 */
export async function windowOf(
  all: readonly RunSummary[],
  filter: RunFilter,
  limit: number,
  allowed: (run: RunSummary) => Promise<boolean>,
): Promise<RunWindow> {
  const runs: RunSummary[] = [];
  for (const run of all) {
    if (!passes(run, filter) || !(await allowed(run))) continue;
    if (runs.length === limit) return { runs, more: true };
    runs.push(run);
  }
  return { runs, more: false };
}

/**
 * The changes from one window to the next: first the runs that are gone, then the others, oldest first.
 *
 * @param all the current runs.
 */
export function changesBetween(
  before: readonly RunSummary[],
  after: readonly RunSummary[],
  all: readonly RunSummary[],
): readonly RunChange[] {
  const now = new Set(after.map(({ uid }) => uid));
  const alive = new Set(all.map(({ uid }) => uid));
  const known = new Map(before.map((run) => [run.uid, run]));
  const gone = before
    .filter(({ uid }) => !now.has(uid))
    .map((run): RunChange => ({ kind: alive.has(run.uid) ? "left" : "deleted", run }));
  const there = after.toReversed().flatMap((run): readonly RunChange[] => {
    const was = known.get(run.uid);
    if (was === undefined) return [{ kind: "added", run }];
    return was !== run && JSON.stringify(was) !== JSON.stringify(run) ? [{ kind: "modified", run }] : [];
  });
  return [...gone, ...there];
}

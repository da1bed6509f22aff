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
 * - `added`: it is in the window now.
 * - `modified`: a list shows something else of it.
 * - `deleted`: there is no such run any more.
 * - `left`: it is not in the window any more.
 */
export type RunChangeKind = "added" | "modified" | "deleted" | "left";

/** What became of one run, between a window and the next one. */
export interface RunChange {
  readonly kind: RunChangeKind;
  /** As it is now; where it is not in the window any more, as it was. */
  readonly run: RunSummary;
}

/**
 * Picks the newest runs that pass.
 *
 * @param all newest first.
 * @param allowed whether the caller may read the run's Stage. Asked no more often than is needed.
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
 * What changed from one window to the next: what has gone first, then what is there, oldest first.
 *
 * @param all the runs that there are now.
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

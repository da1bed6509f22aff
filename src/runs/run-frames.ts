import { type Access, denied } from "../access/access.ts";
import { GuardedStream, type GuardServices } from "../access/guarded-stream.ts";
import type { StopReason } from "../access/stream-stopped.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { newestOf } from "../kube/newest.ts";
import type { RunSummary } from "./run.ts";
import { canPass, type RunFilter } from "./run-filter.ts";
import { changesBetween, type RunChange, type RunWindow, windowOf } from "./run-window.ts";
import { stageFilter } from "./stage-filter.ts";
import type { WatchedRuns } from "./watched-runs.ts";

/** Selects the runs to watch. */
export interface RunWatch extends RunFilter {
  readonly namespace: string;
  /** A single run, with every change to it. */
  readonly name?: string | undefined;
  /** The maximum number of runs, the newest. */
  readonly limit: number;
}

/** Why a watch ended: `source-failed` if the cluster could not be watched. */
export type RunWatchEnd = Exclude<StopReason, "recheck-failed"> | "source-failed" | "server-limit-reached";

/** A message of a watch. */
export type RunFrame =
  | { readonly kind: "heartbeat" }
  | ({ readonly kind: "list" } & RunWindow)
  | { readonly kind: "changes"; readonly changes: readonly RunChange[]; readonly more: boolean }
  /** `error`: the error of the call. */
  | { readonly kind: "end"; readonly reason: RunWatchEnd; readonly error: unknown };

export interface RunWatchServices extends GuardServices {
  readonly access: Access;
  readonly watchedRuns: WatchedRuns;
}

/**
 * Yields the runs of a project, then each change to them: the list first, `end` last. Every end has a failure.
 *
 * Access is decided before anything is read, repeatedly while the stream is open, and for each Stage: runs of a Stage
 * that may no longer be read leave the list.
 *
 * @param signal aborted when the caller leaves; all work for the stream then stops.
 * @throws Failure before the list; the reason of `signal`.
 */
export async function* runFrames(
  services: RunWatchServices,
  caller: Caller,
  watch: RunWatch,
  signal: AbortSignal,
): AsyncGenerator<RunFrame, void, undefined> {
  const { access, watchedRuns } = services;
  const { namespace, name, limit } = watch;
  // A caller who may read a run could poll it, and learns of its changes from a followed log anyway.
  const may = (who: Caller, by: Access): Promise<boolean> =>
    name === undefined ? by.mayWatchRuns(who, namespace) : by.mayReadRuns(who, namespace, name);
  const stream = new GuardedStream(services, caller, signal);
  let told: readonly RunSummary[] | undefined;
  try {
    stream.signal.throwIfAborted();
    if (!(await may(caller, access))) throw denied(namespace, caller);

    let allowed = stageFilter(access, caller, namespace);
    let lookAgain = (): void => {};
    stream.guard(`watch ${namespace}/${name ?? ""}`, may, (now, afresh) => {
      allowed = stageFilter(afresh, now, namespace);
      lookAgain();
    });
    const sets = newestOf<readonly RunSummary[]>(async (put, stopped) => {
      let newest: readonly RunSummary[] | undefined;
      lookAgain = () => {
        if (newest !== undefined) put(newest);
      };
      const all =
        name === undefined ? watchedRuns.watch(namespace, stopped) : watchedRuns.watchOne(namespace, name, stopped);
      for await (const runs of all) {
        newest = runs;
        put(runs);
      }
    }, stream.signal);

    let hadMore = false;
    for await (const set of sets) {
      const all = canPass(watch) ? set : [];
      const { runs, more } = await windowOf(all, watch, limit, allowed);
      // What was read before the caller lost the permission must not be sent afterwards.
      stream.signal.throwIfAborted();
      const changes = told && changesBetween(told, runs, all);
      const isNews = changes === undefined || changes.length > 0 || more !== hadMore;
      told = runs;
      hadMore = more;
      if (changes === undefined) yield { kind: "list", runs, more };
      else if (isNews) yield { kind: "changes", changes, more };
    }
  } catch (error) {
    if (stream.readerLeft(error)) throw signal.reason;
    const cause = stream.stopped?.failure ?? error;
    if (told === undefined) throw cause;
    yield { kind: "end", reason: endOf(stream.stopped?.reason, cause), error: cause };
  } finally {
    stream.close();
  }
}

function endOf(stopped: StopReason | undefined, cause: unknown): RunWatchEnd {
  if (stopped !== undefined) return stopped === "recheck-failed" ? "source-failed" : stopped;
  return cause instanceof Failure && cause.kind === "too-much" ? "server-limit-reached" : "source-failed";
}

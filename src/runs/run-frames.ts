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

/** Which runs are watched. */
export interface RunWatch extends RunFilter {
  readonly namespace: string;
  /** One run alone, with any change of it. */
  readonly name?: string | undefined;
  /** How many of them, the newest. */
  readonly limit: number;
}

/** Why a watch ended: `source-failed` where the cluster could not be watched. */
export type RunWatchEnd = Exclude<StopReason, "recheck-failed"> | "source-failed" | "server-limit-reached";

/** What a watch tells. */
export type RunFrame =
  | { readonly kind: "heartbeat" }
  | ({ readonly kind: "list" } & RunWindow)
  | { readonly kind: "changes"; readonly changes: readonly RunChange[]; readonly more: boolean }
  /** `error`: what the call fails with. */
  | { readonly kind: "end"; readonly reason: RunWatchEnd; readonly error: unknown };

export interface RunWatchServices extends GuardServices {
  readonly access: Access;
  readonly watchedRuns: WatchedRuns;
}

/**
 * Tells which runs a project has, then what changes of them: the list first, `end` last. There is no end but one with a
 * failure.
 *
 * Access is decided before anything is read, again and again while the stream is open, and for each Stage apart: runs
 * of a Stage that may no longer be read leave.
 *
 * @param signal aborted when the caller leaves; everything behind the stream then stops.
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
  // Who may read a run may ask for it again and again, and is told what becomes of it where its log is followed.
  const may = (who: Caller, by: Access): Promise<boolean> =>
    name === undefined ? by.mayWatchRuns(who, namespace) : by.mayReadRuns(who, namespace, name);
  const stream = new GuardedStream(services, caller, signal);
  let told: readonly RunSummary[] | undefined;
  try {
    stream.signal.throwIfAborted();
    if (!(await may(caller, access))) throw denied(namespace);

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
      // What was read before the caller lost the right to it is not sent after.
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

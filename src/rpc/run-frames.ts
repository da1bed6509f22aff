import { type Access, denied } from "../access/access.ts";
import type { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { newestOf } from "../kube/newest.ts";
import { brokenOff } from "../logs/broken-off.ts";
import type { EndReasonName } from "../logs/frame.ts";
import type { RunSummary } from "../runs/run.ts";
import { canPass, type RunFilter } from "../runs/run-filter.ts";
import { changesBetween, type RunChange, type RunWindow, windowOf } from "../runs/run-window.ts";
import { stageFilter } from "../runs/stage-filter.ts";
import { tellFailure } from "./errors.ts";
import { openCall } from "./open-call.ts";
import type { Services } from "./services.ts";
import { guardStream } from "./stream-guard.ts";

/** Which runs are watched. */
export interface RunWatch extends RunFilter {
  readonly namespace: string;
  /** One run alone, with any change of it. */
  readonly name?: string | undefined;
  /** How many of them, the newest. */
  readonly limit: number;
}

/** What a watch tells. */
export type RunFrame =
  | { readonly kind: "heartbeat" }
  | ({ readonly kind: "list" } & RunWindow)
  | { readonly kind: "changes"; readonly changes: readonly RunChange[]; readonly more: boolean }
  | { readonly kind: "end"; readonly reason: EndReasonName; readonly failure: Failure };

/**
 * Tells which runs a project has, then what changes of them: the list first, `end` last. There is no end but one with a failure.
 *
 * Access is decided before anything is read, again and again while the stream goes on, and for each Stage apart: runs of a Stage that may not be read any more
 * leave.
 *
 * @param signal aborted when the caller leaves; everything behind the stream then stops.
 * @throws Failure before the list; the reason of `signal`.
 */
export async function* runFrames(
  services: Services,
  caller: Caller,
  watch: RunWatch,
  signal: AbortSignal,
): AsyncGenerator<RunFrame, void, undefined> {
  const { namespace, name, limit } = watch;
  // Who may read a run may ask for it again and again, and is told what becomes of it where its log is followed.
  const may = (who: Caller, access: Access): Promise<boolean> =>
    name === undefined ? access.mayWatchRuns(who, namespace) : access.mayReadRuns(who, namespace, name);
  const call = openCall(services, caller, signal);
  const { stop } = call;
  let guard: { stop(): void } | undefined;
  let told: readonly RunSummary[] | undefined;
  try {
    stop.signal.throwIfAborted();
    if (!(await may(caller, services.access))) throw denied(namespace);

    let allowed = stageFilter(services.access, caller, namespace);
    let lookAgain = (): void => {};
    guard = guardStream(
      services,
      caller,
      async (now, access) => {
        if (!(await may(now, access))) return false;
        allowed = stageFilter(access, now, namespace);
        lookAgain();
        return true;
      },
      stop,
    );
    const sets = newestOf<readonly RunSummary[]>(async (put, stopped) => {
      let newest: readonly RunSummary[] | undefined;
      lookAgain = () => {
        if (newest !== undefined) put(newest);
      };
      const { watchedRuns } = services;
      const all =
        name === undefined ? watchedRuns.watch(namespace, stopped) : watchedRuns.watchOne(namespace, name, stopped);
      for await (const runs of all) {
        newest = runs;
        put(runs);
      }
    }, stop.signal);

    let hadMore = false;
    for await (const set of sets) {
      const all = canPass(watch) ? set : [];
      const { runs, more } = await windowOf(all, watch, limit, allowed);
      // What was read before the caller lost the right to it is not sent after.
      stop.signal.throwIfAborted();
      const changes = told && changesBetween(told, runs, all);
      const isNews = changes === undefined || changes.length > 0 || more !== hadMore;
      told = runs;
      hadMore = more;
      if (changes === undefined) yield { kind: "list", runs, more };
      else if (isNews) yield { kind: "changes", changes, more };
    }
  } catch (error) {
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
    if (signal.aborted && cause === signal.reason) throw cause;
    if (told === undefined) throw cause;
    const [reason, failure] = brokenOff(tellFailure(cause).failure);
    yield { kind: "end", reason, failure };
  } finally {
    guard?.stop();
    call.close();
  }
}

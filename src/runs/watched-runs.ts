import { abortable, NO_LONGER_NEEDED } from "../abort.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { newestOf } from "../kube/newest.ts";
import { Reduced } from "../kube/reduced.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import type { LargeRuns } from "./large-runs.ts";
import { parseVersionedSummary } from "./parse-run.ts";
import type { RunSummary } from "./run.ts";
import { newestFirst } from "./run-filter.ts";
import type { KnownRuns } from "./run-lists.ts";

/** The current runs of projects, for watchers. */
export interface WatchedRuns extends KnownRuns {
  /** The runs of a project that is being watched, newest first. `undefined` for any other, and before its first list. */
  newest(namespace: string): readonly RunSummary[] | undefined;
  /**
   * Yields all runs of a project, newest first, and again after each change. While the reader is busy, only the latest
   * state is kept. The reader must check access.
   *
   * @throws what `KubeApi.watch` throws.
   */
  watch(namespace: string, signal: AbortSignal): AsyncIterable<readonly RunSummary[]>;
  /**
   * The same for one run of the project, or none if no run has this name. Runs have their `version`, so that every
   * change is visible.
   */
  watchOne(namespace: string, name: string, signal: AbortSignal): AsyncIterable<readonly RunSummary[]>;
}

/** The target of a watch: a project, or one of its runs. */
interface Watched {
  readonly namespace: string;
  readonly name?: string;
}

/** A watch, shared by all current readers of the same target. */
interface Shared {
  readonly readers: Set<(runs: readonly RunSummary[]) => void>;
  readonly stop: AbortController;
  newest: readonly RunSummary[] | undefined;
  /** Rejects with the error that ended it. */
  ended: Promise<void>;
}

/**
 * Watches each project and each run once, however many readers it has, for as long as it has any. Keeps only the
 * summary of each run, of at most 10,000 runs per project.
 *
 * @param large parses large runs and lists. Default: they are parsed like others.
 */
export function createWatchedRuns(kube: Pick<KubeApi, "watch">, large?: Pick<LargeRuns, "watched">): WatchedRuns {
  const open = new Map<string, Shared>();

  const follow = async ({ namespace, name }: Watched, shared: Shared): Promise<void> => {
    const selection = name === undefined ? { labelSelector: "" } : { name };
    const keep = name === undefined ? unversionedSummaryOf : summaryOf;
    const { signal } = shared.stop;
    for await (const objects of kube.watch(ANALYSIS_RUNS, namespace, selection, signal, keep, large?.watched)) {
      shared.newest = objects.filter((each) => each !== undefined).sort(newestFirst);
      for (const put of shared.readers) put(shared.newest);
    }
  };
  const forget = (key: string, shared: Shared): void => {
    if (open.get(key) === shared) open.delete(key);
  };
  const begin = (key: string, watched: Watched): Shared => {
    const shared: Shared = {
      readers: new Set(),
      stop: new AbortController(),
      newest: undefined,
      ended: Promise.resolve(),
    };
    shared.ended = follow(watched, shared).finally(() => forget(key, shared));
    // Its readers get the error; the last of them may have left.
    shared.ended.catch(() => undefined);
    open.set(key, shared);
    return shared;
  };
  const watch = (watched: Watched, signal: AbortSignal): AsyncIterable<readonly RunSummary[]> =>
    newestOf(async (put, stop) => {
      // Names do not contain a slash.
      const key = `${watched.namespace}/${watched.name ?? ""}`;
      const shared = open.get(key) ?? begin(key, watched);
      shared.readers.add(put);
      if (shared.newest !== undefined) put(shared.newest);
      try {
        await abortable(shared.ended, stop);
      } finally {
        shared.readers.delete(put);
        if (shared.readers.size === 0) {
          forget(key, shared);
          shared.stop.abort(NO_LONGER_NEEDED);
        }
      }
    }, signal);

  return {
    newest: (namespace) => open.get(`${namespace}/`)?.newest,
    watch: (namespace, signal) => watch({ namespace }, signal),
    watchOne: (namespace, name, signal) => watch({ namespace, name }, signal),
  };
}

/** The summary of a run, with its version; of a large one, what another thread kept of it. */
function summaryOf(object: unknown): RunSummary | undefined {
  const { summary } = object as { readonly summary?: unknown };
  return summary instanceof Reduced ? (summary.value as RunSummary | undefined) : parseVersionedSummary(object);
}

/** Without the version: not every change to a run is one to the list. */
function unversionedSummaryOf(object: unknown): RunSummary | undefined {
  const summary = summaryOf(object);
  if (summary === undefined) return undefined;
  const { version: _, ...others } = summary;
  return others;
}

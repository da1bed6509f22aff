import { abortable, NO_LONGER_NEEDED } from "../abort.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { newestOf } from "../kube/newest.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { parseRunSummary, parseVersionedSummary } from "./parse-run.ts";
import type { RunSummary } from "./run.ts";
import { newestFirst } from "./run-filter.ts";

/** The runs of projects as they are, for those who watch them. */
export interface WatchedRuns {
  /**
   * Gives all runs of a project, newest first, as they are now and again whenever one of them has changed. While the
   * reader is busy only the newest is kept. Whether the reader may see them is for the reader to ask.
   *
   * @throws what `KubeApi.watch` throws.
   */
  watch(namespace: string, signal: AbortSignal): AsyncIterable<readonly RunSummary[]>;
  /**
   * The same for one run of the project, or none where there is none of this name. Each has its `version`: any change
   * of it is one.
   */
  watchOne(namespace: string, name: string, signal: AbortSignal): AsyncIterable<readonly RunSummary[]>;
}

/** What is watched: a project, or one run of it. */
interface Watched {
  readonly namespace: string;
  readonly name?: string;
}

/** One watch, for all who watch the same now. */
interface Shared {
  readonly readers: Set<(runs: readonly RunSummary[]) => void>;
  readonly stop: AbortController;
  newest: readonly RunSummary[] | undefined;
  /** Rejected with what ended it. */
  ended: Promise<void>;
}

/**
 * Watches each project, and each run, once, however many look at it, and no longer than anybody does. Of each run only
 * what a list shows is kept, of at most 10,000 runs a project.
 */
export function createWatchedRuns(kube: Pick<KubeApi, "watch">): WatchedRuns {
  const open = new Map<string, Shared>();

  const follow = async ({ namespace, name }: Watched, shared: Shared): Promise<void> => {
    const selection = name === undefined ? { labelSelector: "" } : { name };
    const keep = name === undefined ? parseRunSummary : parseVersionedSummary;
    for await (const objects of kube.watch(ANALYSIS_RUNS, namespace, selection, shared.stop.signal, keep)) {
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
    // Its readers hear of it; the last of them may have left.
    shared.ended.catch(() => undefined);
    open.set(key, shared);
    return shared;
  };
  const watch = (watched: Watched, signal: AbortSignal): AsyncIterable<readonly RunSummary[]> =>
    newestOf(async (put, stop) => {
      // No name holds a slash.
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
    watch: (namespace, signal) => watch({ namespace }, signal),
    watchOne: (namespace, name, signal) => watch({ namespace, name }, signal),
  };
}

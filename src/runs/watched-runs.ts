import type { KubeApi } from "../kube/kube-api.ts";
import { newestOf } from "../kube/newest.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { orAborted } from "../or-aborted.ts";
import { OVER } from "../over.ts";
import { parseRunSummary } from "./parse-run.ts";
import type { RunSummary } from "./run.ts";
import { newestFirst } from "./run-filter.ts";

/** The runs of projects as they are, for those who watch them. */
export interface WatchedRuns {
  /**
   * Gives all runs of a project, newest first, as they are now and again whenever one of them has changed. While the reader is busy only the newest is kept.
   * Whether the reader may see them is for the reader to ask.
   *
   * @throws what `KubeApi.watch` throws.
   */
  watch(namespace: string, signal: AbortSignal): AsyncIterable<readonly RunSummary[]>;
}

/** One watch of a project, for all who watch it now. */
interface Shared {
  readonly readers: Set<(runs: readonly RunSummary[]) => void>;
  readonly stop: AbortController;
  newest: readonly RunSummary[] | undefined;
  /** Rejected with what ended it. */
  ended: Promise<void>;
}

/**
 * Watches each project once, however many look at it, and no longer than anybody does. Of each run only what a list shows is kept, of at most 10,000 runs a
 * project.
 */
export function createWatchedRuns(kube: Pick<KubeApi, "watch">): WatchedRuns {
  const projects = new Map<string, Shared>();

  const follow = async (namespace: string, shared: Shared): Promise<void> => {
    const sets = kube.watch(ANALYSIS_RUNS, namespace, { labelSelector: "" }, shared.stop.signal, parseRunSummary);
    for await (const objects of sets) {
      shared.newest = objects.filter((each) => each !== undefined).sort(newestFirst);
      for (const put of shared.readers) put(shared.newest);
    }
  };
  const forget = (namespace: string, shared: Shared): void => {
    if (projects.get(namespace) === shared) projects.delete(namespace);
  };
  const begin = (namespace: string): Shared => {
    const shared: Shared = {
      readers: new Set(),
      stop: new AbortController(),
      newest: undefined,
      ended: Promise.resolve(),
    };
    shared.ended = follow(namespace, shared).finally(() => forget(namespace, shared));
    // Its readers hear of it; the last of them may have left.
    shared.ended.catch(() => undefined);
    projects.set(namespace, shared);
    return shared;
  };

  return {
    watch: (namespace, signal) =>
      newestOf(async (put, stop) => {
        const shared = projects.get(namespace) ?? begin(namespace);
        shared.readers.add(put);
        if (shared.newest !== undefined) put(shared.newest);
        try {
          await orAborted(shared.ended, stop);
        } finally {
          shared.readers.delete(put);
          if (shared.readers.size === 0) {
            forget(namespace, shared);
            shared.stop.abort(OVER);
          }
        }
      }, signal),
  };
}

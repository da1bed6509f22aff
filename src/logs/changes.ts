import { NO_LONGER_NEEDED } from "../abort.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { ANALYSIS_RUNS, PODS } from "../kube/resources.ts";
import { podsSelector } from "../runs/read-pods.ts";
import type { RunRef } from "../runs/run.ts";
import type { Sleep } from "../sleep.ts";

export interface ChangesOptions {
  readonly kube: Pick<KubeApi, "watch">;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

/** What to watch: a run, and its pods if a source reads pods. */
export interface Watched {
  readonly run: RunRef;
  readonly pods: { readonly uid: string; readonly namespace: string } | undefined;
}

/** Reports that something may have changed, but not what. */
export interface ChangesReader {
  /**
   * Waits for a change since this reader's last call, at most `ms` milliseconds. The first call settles as soon as the
   * watch has begun.
   *
   * @throws Failure if the API server cannot be watched; the signal's reason.
   */
  next(watched: Watched, ms: number): Promise<void>;
}

/**
 * The changes of one run, for several readers at once: they share the watches, and each is notified of every change.
 */
export interface Changes {
  reader(): ChangesReader;
  /** Ends the watches. */
  close(): void;
}

/** Watches one run and its pods. The watches begin with the first call of `next`. */
export function createChanges({ kube, sleep, signal }: ChangesOptions): Changes {
  let current: { readonly key: string; readonly stop: AbortController } | undefined;
  let version = 0;
  let failed: { readonly error: unknown } | undefined;
  const waiting = new Set<() => void>();

  const wake = (): void => {
    for (const each of waiting) each();
  };

  const watch = async (objects: AsyncIterable<unknown>, stop: AbortSignal): Promise<void> => {
    try {
      for await (const _ of objects) {
        version += 1;
        wake();
      }
    } catch (error) {
      if (stop.aborted) return;
      failed = { error };
      wake();
    }
  };

  const begin = ({ run, pods }: Watched): void => {
    // Only the names identify a run: everything else changes.
    const key = JSON.stringify([run.namespace, run.name, pods?.namespace, pods?.uid]);
    if (current?.key === key) return;
    current?.stop.abort(NO_LONGER_NEEDED);
    const stop = new AbortController();
    current = { key, stop };
    void watch(kube.watch(ANALYSIS_RUNS, run.namespace, { name: run.name }, stop.signal), stop.signal);
    if (pods === undefined) return;
    void watch(kube.watch(PODS, pods.namespace, { labelSelector: podsSelector(pods.uid) }, stop.signal), stop.signal);
  };

  const changedSince = async (seen: number, ms: number): Promise<void> => {
    const timer = new AbortController();
    const done = Promise.withResolvers<void>();
    waiting.add(done.resolve);
    signal.addEventListener("abort", wake);
    try {
      if (version > seen || failed !== undefined || signal.aborted) return;
      if (Number.isFinite(ms)) {
        sleep(ms, timer.signal).then(done.resolve, (error) => !timer.signal.aborted && done.reject(error));
      }
      await done.promise;
    } finally {
      waiting.delete(done.resolve);
      timer.abort(NO_LONGER_NEEDED);
      if (waiting.size === 0) signal.removeEventListener("abort", wake);
    }
  };

  return {
    reader() {
      let seen = 0;
      return {
        async next(watched, ms) {
          signal.throwIfAborted();
          begin(watched);
          await changedSince(seen, ms);
          signal.throwIfAborted();
          if (failed !== undefined) throw failed.error;
          seen = version;
        },
      };
    },
    close() {
      current?.stop.abort(NO_LONGER_NEEDED);
      current = undefined;
    },
  };
}

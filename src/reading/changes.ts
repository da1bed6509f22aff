import type { KubeApi } from "../kube/kube-api.ts";
import { ANALYSIS_RUNS, PODS } from "../kube/resources.ts";
import { OVER } from "../over.ts";
import { podsSelector } from "../runs/read-pods.ts";
import type { RunRef } from "../runs/run.ts";
import type { Wait } from "../wait.ts";

export interface ChangesOptions {
  readonly kube: Pick<KubeApi, "watch">;
  readonly wait: Wait;
  readonly signal: AbortSignal;
}

/** What is watched: a run, and its pods where a source reads pods. */
export interface Watched {
  readonly run: RunRef;
  readonly pods: { readonly uid: string; readonly namespace: string } | undefined;
}

/** Tells that something may have changed, without telling what: whoever wants to know looks again. */
export interface Changes {
  /**
   * Waits until something has changed since the call before, and no longer than `ms`. The first call settles as soon as watching has begun.
   *
   * @throws Failure where the API server cannot be watched; the signal's reason.
   */
  next(watched: Watched, ms: number): Promise<void>;
  /** Ends the watches. */
  close(): void;
}

/** Watches one run, and its pods: nothing is asked of the API server before somebody waits. */
export function createChanges({ kube, wait, signal }: ChangesOptions): Changes {
  let current: { readonly key: string; readonly stop: AbortController } | undefined;
  let changed = false;
  let failed: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;

  const watch = async (objects: AsyncIterable<unknown>, stop: AbortSignal): Promise<void> => {
    try {
      for await (const _ of objects) {
        changed = true;
        wake();
      }
    } catch (error) {
      if (stop.aborted) return;
      failed = { error };
      wake();
    }
  };

  const begin = ({ run, pods }: Watched): void => {
    // Of a run as it is now, only the names: all else of it changes.
    const key = JSON.stringify([run.namespace, run.name, pods?.namespace, pods?.uid]);
    if (current?.key === key) return;
    current?.stop.abort(OVER);
    const stop = new AbortController();
    current = { key, stop };
    void watch(kube.watch(ANALYSIS_RUNS, run.namespace, { name: run.name }, stop.signal), stop.signal);
    if (pods === undefined) return;
    void watch(kube.watch(PODS, pods.namespace, { labelSelector: podsSelector(pods.uid) }, stop.signal), stop.signal);
  };

  return {
    async next(watched, ms) {
      signal.throwIfAborted();
      begin(watched);
      const timer = new AbortController();
      const leave = (): void => wake();
      signal.addEventListener("abort", leave);
      try {
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          if (changed || failed !== undefined || signal.aborted) resolve();
          if (Number.isFinite(ms))
            wait(ms, timer.signal).then(resolve, (error) => !timer.signal.aborted && reject(error));
        });
      } finally {
        timer.abort(OVER);
        signal.removeEventListener("abort", leave);
      }
      signal.throwIfAborted();
      if (failed !== undefined) throw failed.error;
      changed = false;
    },
    close() {
      current?.stop.abort(OVER);
      current = undefined;
    },
  };
}

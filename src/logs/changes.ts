import { NO_LONGER_NEEDED } from "../abort.ts";
import { Failure } from "../failure.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { PODS } from "../kube/resources.ts";
import { podsSelector } from "../runs/read-pods.ts";
import type { RunRef } from "../runs/run.ts";
import type { WatchedRuns } from "../runs/watched-runs.ts";
import type { Sleep } from "../sleep.ts";

export interface ChangesOptions {
  readonly kube: Pick<KubeApi, "watch">;
  /** Watches each run once for all streams. */
  readonly watchedRuns: Pick<WatchedRuns, "watchOne">;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
  /** Called when a watch has failed, with the reason. It is tried again every {@link BLIND_MS}. */
  readonly onFailure?: (error: unknown) => void;
}

/** What to watch: a run, and its pods if a source reads pods. */
export interface Watched {
  readonly run: RunRef;
  readonly pods: { readonly uid: string; readonly namespace: string } | undefined;
}

/** Waits for changes, and says not what has changed. */
export interface ChangesReader {
  /**
   * Waits for a change since this reader's last call, at most `ms` milliseconds. The first call settles as soon as the
   * watch has begun.
   *
   * @throws the signal's reason.
   */
  next(ms: number): Promise<void>;
}

/** The shortest time between two changes that one watch reports, in milliseconds: whoever learns of one looks. */
export const CHANGE_MS = 1_200;
/** How often something counts as changed while it cannot be watched, in milliseconds. */
export const BLIND_MS = 30_000;

/**
 * Counts the changes of one run, for several readers at once: they share the watches, and each learns of every change.
 *
 * What cannot be watched counts as changed every 30 s, until it can.
 */
export class Changes {
  readonly #options: ChangesOptions;
  #current: { readonly key: string; readonly stop: AbortController } | undefined;
  #version = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** How many changes were reported. The beginning of a watch counts as one. */
  get version(): number {
    return this.#version;
  }

  isWatching(watched: Watched): boolean {
    return this.#current?.key === keyOf(watched);
  }

  /** Begins the watches, unless the same is watched already. */
  watch(watched: Watched): void {
    if (this.isWatching(watched)) return;
    const { run, pods } = watched;
    this.#current?.stop.abort(NO_LONGER_NEEDED);
    const stop = new AbortController();
    this.#current = { key: keyOf(watched), stop };
    const { kube, watchedRuns } = this.#options;
    const { signal } = stop;
    void this.#count(() => watchedRuns.watchOne(run.namespace, run.name, signal), signal);
    if (pods === undefined) return;
    const selection = { labelSelector: podsSelector(pods.uid) };
    void this.#count(() => kube.watch(PODS, pods.namespace, selection, signal, forget), signal);
  }

  /** @param watched what to watch, at each call of `next`. @param seen the version that the reader knows. */
  reader(watched: () => Watched, seen = 0): ChangesReader {
    const { signal } = this.#options;
    let known = seen;
    return {
      next: async (ms) => {
        signal.throwIfAborted();
        this.watch(watched());
        await this.#changedSince(known, ms);
        signal.throwIfAborted();
        known = this.#version;
      },
    };
  }

  /** Ends the watches. */
  close(): void {
    this.#current?.stop.abort(NO_LONGER_NEEDED);
    this.#current = undefined;
  }

  /** Counts the changes that watches report, until it is stopped. */
  async #count(watch: () => AsyncIterable<unknown>, stop: AbortSignal): Promise<void> {
    const { sleep, onFailure } = this.#options;
    let isTooMuch = false;
    try {
      for (;;) {
        let hasBegun = false;
        try {
          if (isTooMuch) this.#change();
          else
            for await (const _ of watch()) {
              hasBegun = true;
              this.#change();
              // What changes meanwhile is one change.
              await sleep(CHANGE_MS, stop);
            }
        } catch (error) {
          stop.throwIfAborted();
          onFailure?.(error);
          // More objects than a watch keeps: to list them all again would bring nothing.
          isTooMuch = error instanceof Failure && error.reason === "LIMIT_REACHED";
          if (!hasBegun) this.#change();
        }
        await sleep(BLIND_MS, stop);
      }
    } catch {
      // It was stopped.
    }
  }

  #change(): void {
    this.#version += 1;
    this.#wake();
  }

  readonly #wake = (): void => {
    for (const each of this.#waiting) each();
  };

  async #changedSince(seen: number, ms: number): Promise<void> {
    const { sleep, signal } = this.#options;
    const timer = new AbortController();
    const done = Promise.withResolvers<void>();
    this.#waiting.add(done.resolve);
    signal.addEventListener("abort", this.#wake);
    try {
      if (this.#version > seen || signal.aborted) return;
      if (Number.isFinite(ms)) {
        sleep(ms, timer.signal).then(done.resolve, (error) => !timer.signal.aborted && done.reject(error));
      }
      await done.promise;
    } finally {
      this.#waiting.delete(done.resolve);
      timer.abort(NO_LONGER_NEEDED);
      if (this.#waiting.size === 0) signal.removeEventListener("abort", this.#wake);
    }
  }
}

/** Only the names identify a run: everything else changes. */
function keyOf({ run, pods }: Watched): string {
  return JSON.stringify([run.namespace, run.name, pods?.namespace, pods?.uid]);
}

/** Keeps nothing of an object: that it has changed is enough. */
function forget(): undefined {
  return undefined;
}

import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { Reduced } from "../kube/reduced.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { SharedWork } from "../shared-work.ts";
import type { LargeRuns } from "./large-runs.ts";
import { parseRun } from "./parse-run.ts";
import { hasEnded, type Run, type RunRef } from "./run.ts";

export interface ReadOptions {
  /**
   * Whether the result of another read may be used: one in progress or, for a finished run, up to ten seconds old.
   * Default: false.
   */
  readonly kept?: boolean | undefined;
}

const KEPT_MS = 10_000;
const KEPT_RUNS = 1_000;
/** The maximum size of all cached runs and of one, in characters of JSON. Most runs have a few thousand. */
const KEPT_LENGTH = 16_000_000;
const KEPT_RUN_LENGTH = 1_000_000;

/**
 * Reads runs. Finished runs are cached for ten seconds, since they can only be deleted. A missing run is never cached.
 *
 * Reads that accept a cached run also share a GET in progress. It is aborted when all who wait for it have left.
 */
export class RunReader {
  readonly #kube: Pick<KubeApi, "get">;
  readonly #large: LargeRuns | undefined;
  /** How many bytes were read for each large run. */
  readonly #bytes = new WeakMap<Run, number>();
  readonly #kept: LRUCache<string, Run>;
  /** The latest GET of each run. */
  readonly #gets = new Map<string, SharedWork<Run | undefined>>();

  /** @param large parses large runs. Default: they are parsed like others. */
  constructor(kube: Pick<KubeApi, "get">, clock: Clock, large?: LargeRuns) {
    this.#kube = kube;
    this.#large = large;
    this.#kept = new LRUCache({
      max: KEPT_RUNS,
      maxSize: KEPT_LENGTH,
      maxEntrySize: KEPT_RUN_LENGTH,
      sizeCalculation: (run) => JSON.stringify(run).length,
      ttl: KEPT_MS,
      ttlResolution: 0,
      perf: steadyClock(clock),
    });
  }

  /**
   * Reads a run, without checking access: `readAuthorizedRun` does.
   *
   * @returns `undefined` if there is none.
   * @throws Failure if the cluster cannot be read; the reason of `signal`.
   */
  async read(ref: RunRef, signal: AbortSignal, { kept = false }: ReadOptions = {}): Promise<Run | undefined> {
    signal.throwIfAborted();
    // Names do not contain a slash.
    const key = `${ref.namespace}/${ref.name}`;
    const known = kept ? this.#kept.get(key) : undefined;
    if (known !== undefined) return known;
    const get = (kept ? this.#gets.get(key) : undefined) ?? this.#begin(key, ref);
    try {
      return await get.wait(signal);
    } finally {
      if (get.isAbandoned && this.#gets.get(key) === get) this.#gets.delete(key);
    }
  }

  /** How many bytes were read for a run; 0 unless they were many. */
  bytesOf(run: Run): number {
    return this.#bytes.get(run) ?? 0;
  }

  #begin(key: string, { namespace, name }: RunRef): SharedWork<Run | undefined> {
    const get: SharedWork<Run | undefined> = new SharedWork(async (signal) => {
      const object = await this.#kube.get(ANALYSIS_RUNS, namespace, name, signal, this.#large?.run);
      const run = this.#runOf(object);
      // The result of an older GET must not replace that of a newer one.
      if (this.#gets.get(key) === get) this.#keep(key, run);
      return run;
    });
    this.#gets.set(key, get);
    return get;
  }

  #runOf(object: unknown): Run | undefined {
    if (!(object instanceof Reduced)) return object === undefined ? undefined : parseRun(object);
    const run = object.value as Run;
    this.#bytes.set(run, object.bytes);
    return run;
  }

  #keep(key: string, run: Run | undefined): void {
    if (run !== undefined && hasEnded(run.phase)) this.#kept.set(key, run);
    else this.#kept.delete(key);
  }
}

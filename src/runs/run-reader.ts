import { LRUCache } from "lru-cache";
import { abortable, NO_LONGER_NEEDED } from "../abort.ts";
import { type Clock, steadyClock } from "../clock.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { parseRun } from "./parse-run.ts";
import { hasEnded, type Run, type RunRef } from "./run.ts";

export interface ReadOptions {
  /**
   * Whether the run may be as another read found it: a moment ago or, where it has ended, up to ten seconds ago.
   * Default: no, it is read anew.
   */
  readonly kept?: boolean | undefined;
}

const KEPT_MS = 10_000;
const KEPT_RUNS = 1_000;
/** Of all kept runs together, and of one of them, in characters of JSON: most are a few thousand. */
const KEPT_LENGTH = 16_000_000;
const KEPT_RUN_LENGTH = 1_000_000;

/** A GET that is under way, for all who wait for it. */
interface Get {
  readonly run: Promise<Run | undefined>;
  readonly abort: AbortController;
  waiting: number;
}

/**
 * Reads runs. Those that have ended are kept for ten seconds, which no more changes than its deletion; that a run does
 * not exist is never kept.
 *
 * Whoever may have a kept run shares a GET that is under way, too. It is aborted when all who wait for it have left.
 */
export class RunReader {
  readonly #kube: Pick<KubeApi, "get">;
  readonly #kept: LRUCache<string, Run>;
  /** The latest GET of each run. */
  readonly #gets = new Map<string, Get>();

  constructor(kube: Pick<KubeApi, "get">, clock: Clock) {
    this.#kube = kube;
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
   * Reads a run. Whether the caller may is not asked here: `readAuthorizedRun` does.
   *
   * @returns `undefined` where there is none.
   * @throws Failure where the cluster does not say; the reason of `signal`.
   */
  async read(ref: RunRef, signal: AbortSignal, { kept = false }: ReadOptions = {}): Promise<Run | undefined> {
    signal.throwIfAborted();
    // No name holds a slash.
    const key = `${ref.namespace}/${ref.name}`;
    const known = kept ? this.#kept.get(key) : undefined;
    if (known !== undefined) return known;
    const get = (kept ? this.#gets.get(key) : undefined) ?? this.#begin(key, ref);
    get.waiting += 1;
    try {
      return await abortable(get.run, signal);
    } finally {
      get.waiting -= 1;
      if (get.waiting === 0) {
        this.#forget(key, get);
        get.abort.abort(NO_LONGER_NEEDED);
      }
    }
  }

  #begin(key: string, { namespace, name }: RunRef): Get {
    const abort = new AbortController();
    const run = this.#kube.get(ANALYSIS_RUNS, namespace, name, abort.signal).then((object) => {
      const parsed = object === undefined ? undefined : parseRun(object);
      // What an older GET tells is not put in the place of what a newer one has told.
      if (this.#gets.get(key) === get) this.#keep(key, parsed);
      return parsed;
    });
    const get: Get = { run, abort, waiting: 0 };
    this.#gets.set(key, get);
    return get;
  }

  #keep(key: string, run: Run | undefined): void {
    if (run !== undefined && hasEnded(run.phase)) this.#kept.set(key, run);
    else this.#kept.delete(key);
  }

  #forget(key: string, get: Get): void {
    if (this.#gets.get(key) === get) this.#gets.delete(key);
  }
}

import { eachInTurns } from "../each-in-turns.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { Reduced } from "../kube/reduced.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { SharedWork } from "../shared-work.ts";
import type { LargeRuns } from "./large-runs.ts";
import { parseRunSummary } from "./parse-run.ts";
import type { RunSummary } from "./run.ts";

/** The runs of a project, in any order. */
export interface RunList {
  readonly runs: readonly RunSummary[];
  /** Whether the project has more runs than were read. */
  readonly incomplete: boolean;
  /** How many bytes were read in large chunks. Default: 0. */
  readonly bytes?: number;
}

/** Where the runs of a project are known already. */
export interface KnownRuns {
  /** All runs of a project; `undefined` if they are not known. */
  newest(namespace: string): readonly RunSummary[] | undefined;
}

/** Kubernetes lists runs by name, so the newest are known only after all were read. */
const MAX_RUNS = 10_000;
/** Label values have at most 63 characters; for longer names the label holds another text. */
const LABEL_LENGTH = 63;

/** A list that is being read, or will be once the one before it has ended. */
interface Reading {
  readonly work: SharedWork<RunList>;
  hasBegun: boolean;
}

/**
 * Reads the runs of projects, without checking access.
 *
 * A list that is being read may miss a run that was created meanwhile. So those who ask for it share the next one,
 * which begins when this one has ended: however many ask, a list is read once at a time.
 */
export class RunLists {
  readonly #kube: Pick<KubeApi, "list">;
  readonly #known: KnownRuns;
  readonly #large: LargeRuns | undefined;
  readonly #readings = new Map<string, Reading>();

  /** @param large parses large chunks. Default: they are parsed like others. */
  constructor(kube: Pick<KubeApi, "list">, known: KnownRuns, large?: LargeRuns) {
    this.#kube = kube;
    this.#large = large;
    this.#known = known;
  }

  /**
   * @param stage reads only runs of this Stage, and perhaps others. Default: all.
   * @throws Failure if the cluster cannot be read; the reason of `signal`.
   */
  async read(namespace: string, stage: string | undefined, signal: AbortSignal): Promise<RunList> {
    const known = this.#known.newest(namespace);
    if (known !== undefined) return { runs: known, incomplete: false };
    const label = stage !== undefined && stage.length <= LABEL_LENGTH ? stage : "";
    // Names do not contain a slash.
    const key = `${namespace}/${label}`;
    const last = this.#readings.get(key);
    const isNext = last !== undefined && !last.hasBegun && !last.work.isAbandoned;
    const reading = isNext ? last : this.#begin(key, namespace, label, last);
    return reading.work.wait(signal);
  }

  #begin(key: string, namespace: string, label: string, last: Reading | undefined): Reading {
    const ended = last?.work.ended;
    const work = new SharedWork(async (signal) => {
      await ended;
      signal.throwIfAborted();
      reading.hasBegun = true;
      return this.#readAll(namespace, label, signal);
    });
    const reading: Reading = { work, hasBegun: false };
    this.#readings.set(key, reading);
    void work.ended.then(() => {
      if (this.#readings.get(key) === reading) this.#readings.delete(key);
    });
    return reading;
  }

  async #readAll(namespace: string, label: string, signal: AbortSignal): Promise<RunList> {
    const selector = label === "" ? {} : { labelSelector: `kargo.akuity.io/stage=${label}` };
    const runs: RunSummary[] = [];
    let read = 0;
    let bytes = 0;
    const end = (incomplete: boolean): RunList => ({ runs, incomplete, ...(bytes > 0 && { bytes }) });
    const reduce = this.#large?.list;
    const options = { signal, ...selector, ...(reduce !== undefined && { reduce }) };
    for await (const chunk of this.#kube.list(ANALYSIS_RUNS, namespace, options)) {
      if (read >= MAX_RUNS) return end(true);
      await eachInTurns(chunk, (object) => {
        const isReduced = object instanceof Reduced;
        if (isReduced) bytes += object.bytes;
        const run = isReduced ? (object.value as RunSummary | undefined) : parseRunSummary(object);
        if (run !== undefined) runs.push(run);
      });
      read += chunk.length;
    }
    return end(false);
  }
}

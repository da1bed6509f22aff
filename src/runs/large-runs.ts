import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { unavailable } from "../kube/answer.ts";
import { CallSlots } from "../kube/call-slots.ts";
import { Reduced, type ReduceLarge } from "../kube/reduced.ts";
import type { Answers, LargeRunsAnswer, LargeRunsQuestion, WatchedRun } from "./large-runs-answer.ts";

/** How many texts may wait for the thread. */
const MAX_WAITING = 1_000;
/** The thread ends after a pause, with the memory of its heap. */
const IDLE_MS = 10_000;
/** A chunk of 4 MiB of empty objects takes some 100 MB. */
const HEAP_MIB = 512;
/** Node does not strip types inside node_modules: published, both are JavaScript. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./large-runs-worker.ts" : "./large-runs-worker.js",
  import.meta.url,
);

/**
 * Parses large runs and lists of runs in a thread of its own, one at a time, and receives only what is kept of them:
 * whoever writes a run decides what parsing it costs, and no other call waits for that. JSON.parse cannot yield.
 *
 * The thread is started when it is needed.
 */
export class LargeRuns {
  readonly #turns = new CallSlots(1, MAX_WAITING);
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Parses a run. @throws Error if it does not have the shape of one; Failure; the reason of `signal`. */
  readonly run: ReduceLarge = async (text, signal) => new Reduced(await this.#ask("run", text, signal), text.length);

  /** Parses a list of runs, each to its summary. @throws Failure; the reason of `signal`. */
  readonly list: ReduceLarge = async (text, signal) => {
    const { items, metadata } = await this.#ask("list", text, signal);
    const bytes = text.length / Math.max(1, items.length);
    return { items: items.map((each) => new Reduced(each, bytes)), metadata };
  };

  /**
   * Parses what a watch of runs receives, a list or an event. Each run becomes its metadata and, in `summary`, its
   * summary with its version.
   *
   * @throws Failure; the reason of `signal`.
   */
  readonly watched: ReduceLarge = async (text, signal) => {
    const answer = await this.#ask("watched", text, signal);
    const keep = (bytes: number) => (run: WatchedRun) => ({ ...run, summary: new Reduced(run.summary, bytes) });
    if ("object" in answer) return { ...answer, object: keep(text.length)(answer.object) };
    return { ...answer, items: answer.items.map(keep(text.length / Math.max(1, answer.items.length))) };
  };

  /** Ends the thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask<K extends keyof Answers>(kind: K, text: string, signal: AbortSignal): Promise<Answers[K]> {
    return this.#turns.run(signal, async () => {
      signal.throwIfAborted();
      const answer = await this.#exchange({ kind, text });
      if (answer.kind === "parsed") return answer.value as Answers[K];
      if (answer.kind === "failed") throw new Error(answer.message);
      throw unavailable("The Kubernetes API server's response could not be parsed.");
    });
  }

  async #exchange(question: LargeRunsQuestion): Promise<LargeRunsAnswer> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    const gone = new AbortController();
    try {
      const exited = once(worker, "exit", gone).then(() => {
        throw new Error("The thread ended.");
      });
      worker.postMessage(question);
      const [answer] = await Promise.race([once(worker, "message", gone), exited]);
      return answer as LargeRunsAnswer;
    } catch (cause) {
      if (this.#worker === worker) this.#worker = undefined;
      throw unavailable("The Kubernetes API server's response could not be parsed.", cause);
    } finally {
      gone.abort();
      this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } });
    // Whoever waits for an answer gets the error.
    worker.on("error", () => undefined);
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}

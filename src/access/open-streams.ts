import { Failure } from "../failure.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import type { StreamStopped } from "./stream-stopped.ts";

/** A stream, as far as it can be stopped from outside. */
export interface StoppableStream {
  stop(why: StreamStopped): void;
}

/**
 * The open streams of this server, logs and watches of runs: limited in total and for each caller, identified by issuer
 * and user name.
 *
 * A stalled stream holds up to about a MiB (the buffers of its source and its client), so this also bounds the server's
 * memory.
 */
export class OpenStreams {
  readonly #limits: { readonly total: number; readonly perCaller: number };
  readonly #streams = new Set<StoppableStream>();
  readonly #byCaller = new Map<string, number>();
  #stopped: StreamStopped | undefined;

  constructor(limits: { readonly total: number; readonly perCaller: number }) {
    this.#limits = limits;
  }

  /** The number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Adds a caller's stream, unless that exceeds a limit.
   *
   * @returns a function that removes it; calling it again does nothing.
   * @throws Failure TOO_MANY_STREAMS, which names the limit.
   */
  add(stream: StoppableStream, caller: Caller): () => void {
    const key = userKey(caller);
    const own = this.#byCaller.get(key) ?? 0;
    if (own >= this.#limits.perCaller)
      throw tooMany(`You have ${counted(own)} open, the limit for one caller.`, "Close one");
    if (this.size >= this.#limits.total)
      throw tooMany(`This server has ${counted(this.size)} open, its limit.`, "Wait a moment");
    this.#byCaller.set(key, own + 1);
    this.#streams.add(stream);
    if (this.#stopped !== undefined) stream.stop(this.#stopped);
    return () => {
      if (!this.#streams.delete(stream)) return;
      const rest = (this.#byCaller.get(key) ?? 0) - 1;
      if (rest > 0) this.#byCaller.set(key, rest);
      else this.#byCaller.delete(key);
    };
  }

  /** Stops all streams, and each one that is opened from now on. */
  stop(why: StreamStopped): void {
    this.#stopped = why;
    for (const each of [...this.#streams]) each.stop(why);
  }
}

function tooMany(message: string, how: string): Failure {
  return new Failure("too-much", "TOO_MANY_STREAMS", message, { next: `${how}, then try again.` });
}

function counted(streams: number): string {
  return streams === 1 ? "1 stream" : `${streams} streams`;
}

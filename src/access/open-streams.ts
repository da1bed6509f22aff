import type { Failure } from "../failure.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import { KeyedCounter } from "../keyed-counter.ts";
import { type LimitName, limitExceeded } from "../limits.ts";
import type { StreamStopped } from "./stream-stopped.ts";

/** A stream, as far as it can be stopped from outside. */
export interface StoppableStream {
  stop(why: StreamStopped): void;
}

/** What a stream counts as, until it is released. */
export interface StreamSlots {
  /** Counts the stream as so many logs from now on, unless that exceeds a limit. Returns whether it does not. */
  resize(logs: number): boolean;
  /** Removes the stream. Calling it again does nothing. */
  release(): void;
}

/**
 * The open streams of this server, logs and watches of runs: limited in total and for each caller, identified by issuer
 * and user name. A stream of several logs counts as so many as it has open.
 *
 * A stalled log holds up to about a MiB (the buffers of its source and its client), so this also bounds the server's
 * memory.
 */
export class OpenStreams {
  readonly #limits: { readonly total: number; readonly perCaller: number };
  readonly #streams = new Set<StoppableStream>();
  readonly #open = new KeyedCounter();
  #stopped: StreamStopped | undefined;

  constructor(limits: { readonly total: number; readonly perCaller: number }) {
    this.#limits = limits;
  }

  /** How many logs and watches are open. */
  get size(): number {
    return this.#open.total;
  }

  /**
   * Adds a caller's stream, unless that exceeds a limit.
   *
   * @throws Failure TOO_MANY_STREAMS, which names the limit.
   */
  add(stream: StoppableStream, caller: Caller): StreamSlots {
    const key = userKey(caller);
    const own = this.#open.of(key);
    if (own >= this.#limits.perCaller) {
      const message = `You have ${counted(own)} open, the limit for one caller.`;
      throw tooMany("limits.streamsPerCaller", message, "Close one");
    }
    if (this.size >= this.#limits.total)
      throw tooMany("limits.streams", `This server has ${counted(this.size)} open, its limit.`, "Wait a moment");
    let held = 1;
    this.#open.change(key, 1);
    this.#streams.add(stream);
    if (this.#stopped !== undefined) stream.stop(this.#stopped);
    return {
      resize: (logs) => {
        const more = logs - held;
        if (!this.#streams.has(stream) || (more > 0 && !this.#hasRoom(key, more))) return false;
        held = logs;
        this.#open.change(key, more);
        return true;
      },
      release: () => {
        if (this.#streams.delete(stream)) this.#open.change(key, -held);
      },
    };
  }

  /** Stops all streams, and each one that is opened from now on. */
  stop(why: StreamStopped): void {
    this.#stopped = why;
    for (const each of [...this.#streams]) each.stop(why);
  }

  #hasRoom(key: string, more: number): boolean {
    const { total, perCaller } = this.#limits;
    return this.#open.of(key) + more <= perCaller && this.size + more <= total;
  }
}

function tooMany(limit: LimitName, message: string, how: string): Failure {
  return limitExceeded(limit, message, { next: `${how}, then try again.` });
}

function counted(logs: number): string {
  return logs === 1 ? "1 log or watch" : `${logs} logs or watches`;
}

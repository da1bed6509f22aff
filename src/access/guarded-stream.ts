import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Caller } from "../identity/caller.ts";
import type { Access } from "./access.ts";
import type { OpenStreams, StoppableStream, StreamSlots } from "./open-streams.ts";
import type { Recheck, Rechecks } from "./rechecks.ts";
import { StreamStopped } from "./stream-stopped.ts";

export interface GuardServices {
  readonly streams: OpenStreams;
  readonly rechecks: Rechecks;
}

/**
 * A caller's open stream, which counts towards the limits until it is closed. It is aborted when the caller leaves, and
 * stopped when the server shuts down, the caller's token expires, or the caller may no longer read it.
 *
 * Its creator must close it.
 */
export class GuardedStream implements StoppableStream {
  readonly #services: GuardServices;
  readonly #caller: Caller;
  readonly #callerSignal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #slots: StreamSlots;
  readonly #cleanups: (() => void)[];

  /**
   * @param signal aborted when the caller leaves.
   * @throws Failure TOO_MANY_STREAMS.
   */
  constructor(services: GuardServices, caller: Caller, signal: AbortSignal) {
    this.#services = services;
    this.#caller = caller;
    this.#callerSignal = signal;
    this.#slots = services.streams.add(this, caller);
    this.#cleanups = [() => this.#slots.release()];
    const onLeave = (): void => this.#controller.abort(signal.reason);
    if (signal.aborted) onLeave();
    else {
      signal.addEventListener("abort", onLeave, { once: true });
      this.#cleanups.push(() => signal.removeEventListener("abort", onLeave));
    }
  }

  /** Aborted when the caller leaves, with their signal's reason; with a {@link StreamStopped}; and by `close`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was stopped from outside, if it was. */
  get stopped(): StreamStopped | undefined {
    const reason: unknown = this.signal.reason;
    return reason instanceof StreamStopped ? reason : undefined;
  }

  /**
   * Starts to re-check whether the caller may still read this, bypassing all caches. One re-check serves all open
   * streams of the same token and key.
   *
   * @param key names what `may` decides.
   * @param may decides, for the caller as the cluster then knows them, with an access that bypasses the cache. If it
   * throws, the stream is stopped too.
   * @param onPassed called with the same each time that the caller still may.
   */
  guard(key: string, may: Recheck["may"], onPassed?: (caller: Caller, access: Access) => void): void {
    this.#cleanups.push(this.#services.rechecks.add(this, this.#caller, { key, may, onPassed }));
  }

  /** Stops the stream, unless it has ended. */
  stop(why: StreamStopped): void {
    this.#controller.abort(why);
  }

  /**
   * Counts the stream as so many logs from now on. It counts as one from the beginning.
   *
   * @returns whether the limits allow it. If not, nothing changes.
   */
  countLogs(logs: number): boolean {
    return this.#slots.resize(logs);
  }

  /** Whether `error` means only that the caller left. */
  readerLeft(error: unknown): boolean {
    const cause: unknown = this.signal.aborted ? this.signal.reason : error;
    return this.#callerSignal.aborted && cause === this.#callerSignal.reason;
  }

  /** Releases the slots, and ends the work that is still in progress for the stream. */
  close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#controller.abort(NO_LONGER_NEEDED);
  }
}

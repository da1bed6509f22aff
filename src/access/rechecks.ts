import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Clock } from "../clock.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Caller } from "../identity/caller.ts";
import type { Sleep } from "../sleep.ts";
import type { Access } from "./access.ts";
import type { StoppableStream } from "./open-streams.ts";
import { authorizationLost, recheckFailed, tokenExpired } from "./stream-stopped.ts";

/** What is re-checked for a stream. */
export interface Recheck {
  /** Names what `may` decides: one decision serves all streams with the same token and key. */
  readonly key: string;
  /** @param access bypasses the cache. */
  readonly may: (caller: Caller, access: Access) => Promise<boolean>;
  /** Called after each re-check that passed, with its result. */
  readonly onPassed?: ((caller: Caller, access: Access) => void) | undefined;
}

export interface RechecksOptions {
  readonly authenticator: Authenticator;
  readonly access: Access;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** How often, in milliseconds. */
  readonly everyMs: number;
}

/**
 * Re-checks, as long as streams are open, whether their callers still may read them, past all caches, and stops those
 * whose callers may not.
 *
 * All streams of one token, or of one session's claims, that expire at the same time share one timer and one
 * TokenReview; those of the same key share one decision. A stream that joins was decided when it began, so its next
 * re-check is at most `everyMs` later.
 */
export class Rechecks {
  readonly #options: RechecksOptions;
  readonly #tokens = new Map<string, TokenRecheck>();

  constructor(options: RechecksOptions) {
    this.#options = options;
  }

  /** @returns a function that ends the re-checks for this stream; calling it again does nothing. */
  add(stream: StoppableStream, caller: Caller, recheck: Recheck): () => void {
    // A session with a token expires before the token does.
    const token = JSON.stringify([caller.token?.reveal(), caller.claims, caller.expiresAt]);
    let shared = this.#tokens.get(token);
    if (shared === undefined) {
      const created: TokenRecheck = new TokenRecheck(this.#options, caller, () => {
        if (this.#tokens.get(token) === created) this.#tokens.delete(token);
      });
      this.#tokens.set(token, created);
      shared = created;
    }
    return shared.add(stream, recheck);
  }
}

/** The maximum number of concurrent decisions: a caller may have streams of many projects. */
const AT_ONCE = 16;

/** The streams of one token, until the last one closes or the token is no longer valid. */
class TokenRecheck {
  readonly #options: RechecksOptions;
  readonly #caller: Caller;
  readonly #onOver: () => void;
  readonly #byKey = new Map<string, Map<StoppableStream, Recheck>>();
  readonly #empty = new AbortController();

  /** @param onOver called when it re-checks no longer: a stream that comes later needs another one. */
  constructor(options: RechecksOptions, caller: Caller, onOver: () => void) {
    this.#options = options;
    this.#caller = caller;
    this.#onOver = onOver;
    this.#run().catch((error: unknown) => {
      if (this.#empty.signal.aborted) return;
      this.#onOver();
      const why = recheckFailed(error);
      for (const streams of [...this.#byKey.values()]) for (const stream of [...streams.keys()]) stream.stop(why);
    });
  }

  add(stream: StoppableStream, recheck: Recheck): () => void {
    const { key } = recheck;
    const streams = this.#byKey.get(key) ?? new Map<StoppableStream, Recheck>();
    this.#byKey.set(key, streams.set(stream, recheck));
    return () => {
      if (!streams.delete(stream) || streams.size > 0) return;
      this.#byKey.delete(key);
      if (this.#byKey.size > 0) return;
      this.#onOver();
      this.#empty.abort(NO_LONGER_NEEDED);
    };
  }

  /** @throws StreamStopped when the token has expired; what the TokenReview throws. */
  async #run(): Promise<never> {
    const { authenticator, access, clock, sleep, everyMs } = this.#options;
    const { token, claims, expiresAt = Number.POSITIVE_INFINITY } = this.#caller;
    const { signal } = this.#empty;
    for (;;) {
      const left = expiresAt - clock.now();
      if (left <= 0) throw tokenExpired();
      await sleep(Math.min(everyMs, left), signal);
      if (expiresAt <= clock.now()) throw tokenExpired();
      const caller = await authenticator.authenticate(token ?? claims, signal, { afresh: true });
      const afresh = access.afresh();
      const queue = [...this.#byKey.values()].values();
      const worker = async (): Promise<void> => {
        for (const streams of queue) await recheckStreams(streams, caller, afresh);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      signal.throwIfAborted();
    }
  }
}

/** Decides for the streams of one key. Never throws: its failure stops only these streams. */
async function recheckStreams(
  streams: ReadonlyMap<StoppableStream, Recheck>,
  caller: Caller,
  access: Access,
): Promise<void> {
  const [first] = streams.values();
  if (first === undefined) return;
  try {
    if (!(await first.may(caller, access))) throw authorizationLost();
    for (const { onPassed } of [...streams.values()]) onPassed?.(caller, access);
  } catch (error) {
    const why = recheckFailed(error);
    for (const stream of [...streams.keys()]) stream.stop(why);
  }
}

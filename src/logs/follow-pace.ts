import { type Clock, steadyClock } from "../clock.ts";

/** How many failures in a row, without a byte between them, a follow survives. */
const MAX_TRIES = 5;
const RETRY_MS = 500;
/** The shortest time between two opens of a followed log, however often its source ends it. */
const REOPEN_MS = 1_200;
/** How many plain reads replace a follow that failed at the node before the follow is tried again. */
const MAX_POLLS = 30;

/** When a followed log is opened again: never too soon, later after each failure, and how often it is polled instead. */
export class FollowPace {
  readonly #clock: Clock;
  #openedAt = Number.NEGATIVE_INFINITY;
  #tries = 0;
  #pollsLeft = 0;

  constructor(clock: Clock) {
    this.#clock = steadyClock(clock);
  }

  /** Whether plain reads replace the follow for now. */
  get isPolling(): boolean {
    return this.#pollsLeft > 0;
  }

  /** The log was opened. */
  opened(): void {
    this.#openedAt = this.#clock.now();
  }

  /** Returns how long to wait before the log is followed again, in milliseconds. Once that is over, it may be. */
  takeDelay(): number {
    const ms = Math.max(0, REOPEN_MS - (this.#clock.now() - this.#openedAt));
    if (ms > 0) this.#openedAt = Number.NEGATIVE_INFINITY;
    return ms;
  }

  /** The log was read to its end, and had something. */
  succeeded(): void {
    this.#tries = 0;
  }

  /**
   * The log failed.
   *
   * @param progress whether it had something before.
   * @returns when to try again, in milliseconds. `undefined`: not again.
   */
  failed(progress: boolean): number | undefined {
    this.#tries = progress ? 1 : this.#tries + 1;
    return this.#tries > MAX_TRIES ? undefined : RETRY_MS * 2 ** (this.#tries - 1);
  }

  /** The node cannot follow: plain reads replace the follow. */
  startPolling(): void {
    this.#pollsLeft = MAX_POLLS;
  }

  /** Counts a plain read that replaces the follow, if one does. */
  takePoll(): boolean {
    if (this.#pollsLeft === 0) return false;
    this.#pollsLeft -= 1;
    return true;
  }
}

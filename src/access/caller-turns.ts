import type { Failure } from "../failure.ts";
import { type Caller, userKey } from "../identity/caller.ts";
import { CallSlots } from "../kube/call-slots.ts";
import { limitExceeded } from "../limits.ts";

/** How many may wait. Connections are limited too, but one may carry many requests. */
const MAX_WAITING = 1_000;

/** Limits how many reads each caller has under way at once. More wait for their turn. */
export class CallerTurns {
  readonly #atOnce: number;
  readonly #slots = new Map<string, CallSlots>();

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Runs a caller's read when it is its turn.
   *
   * @throws Failure TOO_MANY_CALLS if too many are waiting; the reason of `signal` if it is aborted while it waits; what
   * the read throws.
   */
  async run<T>(caller: Caller, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const key = userKey(caller);
    const slots = this.#slots.get(key) ?? new CallSlots(this.#atOnce, MAX_WAITING, tooMany);
    this.#slots.set(key, slots);
    try {
      return await slots.run(signal, read);
    } finally {
      if (slots.isIdle && this.#slots.get(key) === slots) this.#slots.delete(key);
    }
  }
}

function tooMany(waiting: number): Failure {
  const message = `You have ${waiting} reads of runs waiting, the limit for one caller.`;
  return limitExceeded("limits.callsPerCaller", message, { next: "Wait for them." });
}

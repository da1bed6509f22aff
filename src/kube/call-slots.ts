import type { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";

/** Limits how many calls are under way at once. More wait for their turn, in order, up to a number. */
export class CallSlots {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #refusal: (waiting: number) => Failure;
  readonly #waiting = new Set<() => void>();
  #used = 0;

  /** @param refusal of a call when `maxWaiting` are waiting. Default: SERVER_BUSY, because of the API server. */
  constructor(limit: number, maxWaiting: number, refusal = busy) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#refusal = refusal;
  }

  /** Whether no call is under way. */
  get isIdle(): boolean {
    return this.#used === 0;
  }

  /**
   * Runs a call when it is its turn.
   *
   * @throws the refusal if too many are waiting; the reason of `signal` if it is aborted while it waits; what
   * the call throws.
   */
  async run<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (this.#used < this.#limit) this.#used += 1;
    else await this.#turn(signal);
    try {
      return await call();
    } finally {
      this.#release();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size >= this.#maxWaiting) throw this.#refusal(this.#maxWaiting);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(take);
        reject(signal?.reason);
      };
      const take = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.add(take);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Hands the slot to the call that has waited longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#used -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

function busy(waiting: number): Failure {
  const message = `This server has ${waiting} calls waiting for the Kubernetes API server, its limit.`;
  return limitExceeded("kubernetes.waiting", message, { next: "Try again in a moment." });
}

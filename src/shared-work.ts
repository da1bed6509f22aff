import { abortable, NO_LONGER_NEEDED } from "./abort.ts";

/** Work whose result several callers wait for. It is aborted when all of them have left. */
export class SharedWork<T> {
  /** Resolves when it has ended, successfully or not. */
  readonly ended: Promise<void>;
  readonly #result: Promise<T>;
  readonly #abort = new AbortController();
  #waiting = 0;

  /** @param start called immediately. */
  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.#result = start(this.#abort.signal);
    // Whoever waits gets the error; all of them may have left.
    const end = (): void => undefined;
    this.ended = this.#result.then(end, end);
  }

  /** Whether every caller has left: nobody can join the work any longer. */
  get isAbandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  /**
   * Waits for the result.
   *
   * @throws what the work throws; the reason of `signal` if that is aborted first.
   */
  async wait(signal: AbortSignal): Promise<T> {
    this.#waiting += 1;
    try {
      return await abortable(this.#result, signal);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#abort.abort(NO_LONGER_NEEDED);
    }
  }
}

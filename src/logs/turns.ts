import { abortable } from "../abort.ts";

/** Gives one of several readers a turn, in the order in which they ask for one. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * Waits for a turn.
   *
   * @returns a function that ends the turn; calling it again does nothing.
   * @throws the reason of `signal` if it is aborted first: then the turn passes to the next.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    const turn = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => turn.promise);
    try {
      await abortable(before, signal);
    } catch (error) {
      turn.resolve();
      throw error;
    }
    return () => turn.resolve();
  }
}

/**
 * Shares look-ups among several readers, which all want one at each change: whoever asks for one before it has begun
 * gets the same result. One runs at a time.
 */
export class SharedLook<T> {
  readonly #look: () => Promise<T>;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** Returns the result of a look-up that begins after this call. */
  take(): Promise<T> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#last.then(() => {
      this.#next = undefined;
      return this.#look();
    });
    this.#next = next;
    this.#last = next.catch(() => undefined);
    return next;
  }
}

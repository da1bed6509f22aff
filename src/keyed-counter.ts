/** Counts what is open, by key and in total. It keeps nothing of a key without anything open. */
export class KeyedCounter {
  readonly #byKey = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(key: string): number {
    return this.#byKey.get(key) ?? 0;
  }

  /** @returns a function that takes one away again; calling it again does nothing. */
  add(key: string): () => void {
    this.#total += 1;
    this.#byKey.set(key, this.of(key) + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#total -= 1;
      const rest = this.of(key) - 1;
      if (rest > 0) this.#byKey.set(key, rest);
      else this.#byKey.delete(key);
    };
  }
}

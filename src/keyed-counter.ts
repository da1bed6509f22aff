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
    this.change(key, 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.change(key, -1);
    };
  }

  /** Counts so many more of a key, or fewer if it is negative. */
  change(key: string, by: number): void {
    this.#total += by;
    const count = this.of(key) + by;
    if (count > 0) this.#byKey.set(key, count);
    else this.#byKey.delete(key);
  }
}

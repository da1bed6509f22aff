/**
 * Passes on what a producer puts, and of what comes while the reader is busy only the newest: nothing heaps up.
 *
 * @param produce runs until its signal is aborted, which it is when the reader leaves or `signal` is aborted. What it
 * throws reaches the reader after what it put last.
 * @param signal once it is aborted, the reader gets its reason at once.
 */
export function newestOf<T>(
  produce: (put: (value: T) => void, stop: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => iterate(produce, signal) };
}

function iterate<T>(
  produce: (put: (value: T) => void, stop: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncIterator<T> {
  const leaving = new AbortController();
  let waiting: PromiseWithResolvers<void> | undefined;
  let newest: { readonly value: T } | undefined;
  let end: { readonly error?: unknown } | undefined;

  const wake = (): void => waiting?.resolve();
  const finish = (how: { readonly error?: unknown }): void => {
    end ??= how;
    signal.removeEventListener("abort", abort);
    leaving.abort(how.error);
    wake();
  };
  const abort = (): void => {
    newest = undefined;
    finish({ error: signal.reason });
  };

  if (signal.aborted) abort();
  else {
    signal.addEventListener("abort", abort);
    const put = (value: T): void => {
      if (end !== undefined) return;
      newest = { value };
      wake();
    };
    produce(put, leaving.signal).then(
      () => finish({}),
      (error: unknown) => finish({ error }),
    );
  }

  return {
    async next() {
      while (newest === undefined && end === undefined) {
        waiting ??= Promise.withResolvers();
        await waiting.promise;
        waiting = undefined;
      }
      if (newest !== undefined) {
        const { value } = newest;
        newest = undefined;
        return { done: false, value };
      }
      const { error } = end ?? {};
      end = {};
      if (error !== undefined) throw error;
      return { done: true, value: undefined };
    },
    // Not a generator's: this one does not wait for a `next` that is under way.
    async return() {
      newest = undefined;
      finish({});
      end = {};
      return { done: true, value: undefined };
    },
  };
}

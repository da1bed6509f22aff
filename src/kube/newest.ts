/**
 * Yields the values of a producer. While the reader is busy, only the newest value is kept, so nothing accumulates.
 *
 * @param produce runs until its signal is aborted: when the reader leaves, or `signal` is aborted. What it throws
 * reaches the reader after the last value.
 * @param signal when it is aborted, the reader receives its reason immediately.
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
    // Unlike a generator's, this does not wait for a pending `next`, which may last for hours.
    async return() {
      newest = undefined;
      finish({});
      end = {};
      return { done: true, value: undefined };
    },
  };
}

import { NO_LONGER_NEEDED } from "./abort-reasons.ts";
import type { Sleep } from "./sleep.ts";

export interface QuietOptions<T> {
  /** The longest time without a value, in milliseconds; it is told after two thirds of it at the earliest. Time in which nobody reads does not count. */
  readonly mostMs: number;
  /** How long to wait for the very first value, in milliseconds. Default: as for the others. */
  readonly firstMs?: number;
  /** What a reader gets then. Where it is the end, the source is left. */
  readonly told: IteratorResult<T, undefined>;
  readonly wait: Sleep;
}

/** A reader begins to wait within a tick, and waits through so many more. */
const WHOLE_TICKS = 2;
const END = { done: true, value: undefined } as const;

/**
 * Passes a source on, and tells its reader when it is quiet. One timer ticks for as long as the source is read: a timer for each value costs more than all else that is done
 * with a small one.
 *
 * Whoever leaves is let go at once: a source that is in the middle of a read is told to close, but not waited for.
 */
export function whenQuiet<T>(
  source: AsyncIterable<T>,
  options: QuietOptions<NoInfer<T>>,
): AsyncIterableIterator<T, undefined> {
  const { mostMs, firstMs, told, wait } = options;
  const iterator: AsyncIterator<T, unknown> = source[Symbol.asyncIterator]();
  const over = new AbortController();
  const early = new AbortController();
  let reader: Omit<PromiseWithResolvers<IteratorResult<T, undefined>>, "promise"> | undefined;
  let state: "new" | "idle" | "reading" | "over" = "new";
  let hasCome = false;
  /** What came while nobody waited for it: something else had been told. */
  let held: IteratorResult<T, undefined> | { readonly error: unknown } | undefined;
  let ticks = 0;

  const give = (result: NonNullable<typeof held>): void => {
    const to = reader;
    reader = undefined;
    if (to === undefined) held = result;
    else if ("error" in result) to.reject(result.error);
    else to.resolve(result);
  };
  const end = (): void => {
    state = "over";
    early.abort(NO_LONGER_NEEDED);
    over.abort(NO_LONGER_NEEDED);
  };
  const onNext = (next: IteratorResult<T, unknown>): void => {
    if (state === "over") return;
    if (next.done === true) end();
    else state = "idle";
    if (!hasCome) early.abort(NO_LONGER_NEEDED);
    hasCome = true;
    give(next.done === true ? END : next);
  };
  const onError = (error: unknown): void => {
    if (state === "over") return;
    end();
    give({ error });
  };
  const leave = async (): Promise<void> => {
    if (state === "over") return;
    const wasReading = state === "reading";
    end();
    if (reader !== undefined) give(END);
    const closed = Promise.resolve(iterator.return?.());
    if (wasReading) closed.catch(() => undefined);
    else await closed;
  };
  const tell = (): void => {
    if (reader === undefined) return;
    if (told.done === true) leave().catch(() => undefined);
    else give(told);
  };
  const watch = async (): Promise<void> => {
    if (firstMs !== undefined) {
      await wait(firstMs, early.signal).then(tell, () => undefined);
    }
    for (;;) {
      await wait(mostMs / (WHOLE_TICKS + 1), over.signal);
      ticks += 1;
      if (ticks > WHOLE_TICKS) tell();
    }
  };

  const result: AsyncIterableIterator<T, undefined> = {
    [Symbol.asyncIterator]: () => result,
    next() {
      const value = held;
      held = undefined;
      if (value !== undefined) return "error" in value ? Promise.reject(value.error) : Promise.resolve(value);
      if (state === "over") return Promise.resolve(END);
      if (state === "new") watch().catch(() => undefined);
      ticks = 0;
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
        if (state === "reading") return;
        state = "reading";
        iterator.next().then(onNext, onError);
      });
    },
    async return() {
      held = undefined;
      await leave();
      return END;
    },
  };
  return result;
}

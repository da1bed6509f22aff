import { OVER } from "../over.ts";
import type { Wait } from "../wait.ts";

/** Passes a source on until it has ended, or has been quiet for too long: then it is left. */
export async function* untilQuiet<T>(
  source: AsyncIterable<T>,
  quietMs: number,
  wait: Wait,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let reading: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      reading = iterator.next();
      const timer = new AbortController();
      const stop = (): void => timer.abort(OVER);
      signal.addEventListener("abort", stop);
      const quiet = wait(quietMs, timer.signal).then(
        () => "quiet" as const,
        () => "stopped" as const,
      );
      const next = await Promise.race([reading, quiet]).finally(() => {
        signal.removeEventListener("abort", stop);
        timer.abort(OVER);
      });
      if (next === "quiet") return;
      // Whoever aborts ends the read too.
      const result = next === "stopped" ? await reading : next;
      reading = undefined;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    // A read that nobody waits for any more fails when its source is closed.
    reading?.catch(() => undefined);
    const closed = Promise.resolve(iterator.return?.());
    if (reading === undefined) await closed;
    else closed.catch(() => undefined);
  }
}

import { OVER } from "../over.ts";
import type { Wait } from "../wait.ts";

/** Proxies cut connections that are quiet for 30 s or longer. */
const EVERY_MS = 15_000;
/** For headers to go out, which the first message brings along. */
const FIRST_MS = 500;

/**
 * Puts a heartbeat into a stream whenever it has been quiet for 15 s, and early on where it has nothing to say at once.
 */
export async function* withHeartbeats<T>(
  source: AsyncIterable<T>,
  heartbeat: T,
  wait: Wait,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let reading: Promise<IteratorResult<T>> | undefined;
  let quietMs = FIRST_MS;
  try {
    for (;;) {
      reading ??= iterator.next();
      const timer = new AbortController();
      const quiet = wait(quietMs, timer.signal).then(
        () => undefined,
        () => undefined,
      );
      const next = await Promise.race([reading, quiet]).finally(() => timer.abort(OVER));
      quietMs = EVERY_MS;
      if (next === undefined) {
        yield heartbeat;
        continue;
      }
      reading = undefined;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // A source that is in the middle of a read ends when the call's signal is aborted: it is not waited for.
    const closed = Promise.resolve(iterator.return?.());
    if (reading === undefined) await closed;
    else {
      reading.catch(() => undefined);
      closed.catch(() => undefined);
    }
  }
}

import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Sleep } from "../sleep.ts";

/** Proxies close connections that are silent for 30 s or longer. */
const SILENCE_MS = 15_000;
/** The first message brings the response's headers along, so it comes soon. */
const FIRST_MS = 500;

/**
 * Keeps a stream alive: yields the heartbeat when the source is silent for 15 s, and after 500 ms if nothing has come
 * yet. Time in which nobody reads does not count.
 *
 * A source that is being read when its reader leaves is closed, but not waited for.
 */
export async function* withHeartbeats<T>(
  source: AsyncIterable<T>,
  heartbeat: T,
  sleep: Sleep,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let reading: Promise<IteratorResult<T, unknown>> | undefined;
  let silenceMs = FIRST_MS;
  try {
    for (;;) {
      reading ??= iterator.next();
      const came = new AbortController();
      const silence = sleep(silenceMs, came.signal).then(() => undefined);
      const next = await Promise.race([reading, silence]).finally(() => came.abort(NO_LONGER_NEEDED));
      silenceMs = SILENCE_MS;
      if (next !== undefined) reading = undefined;
      if (next?.done === true) return;
      yield next === undefined ? heartbeat : next.value;
    }
  } finally {
    const closed = Promise.resolve(iterator.return?.());
    if (reading === undefined) await closed;
    else closed.catch(() => undefined);
  }
}

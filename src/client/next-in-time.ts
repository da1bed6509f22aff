import { Code, ConnectError } from "@connectrpc/connect";
import type { Timer } from "./timer.ts";

/** How long a connection may be silent. */
export interface Silence {
  /** Milliseconds without a message after which a connection counts as broken. */
  readonly silenceMs: number;
  readonly timer: Timer;
}

/**
 * The next message, or `undefined` at the end. Only time in which the reader waits for it counts.
 *
 * @param text what to say of a silence.
 * @param leaving ends the call; aborted when it has been silent for too long.
 * @throws ConnectError Unavailable then; what the call throws.
 */
export function nextInTime<T>(
  reading: AsyncIterator<T>,
  { silenceMs, timer }: Silence,
  text: string,
  leaving: AbortController,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = timer(silenceMs, () => {
      const silent = new ConnectError(text, Code.Unavailable);
      reject(silent);
      leaving.abort(silent);
    });
    reading
      .next()
      .then(({ done, value }) => resolve(done === true ? undefined : value), reject)
      .finally(cancel);
  });
}

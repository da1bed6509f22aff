import { Code, ConnectError } from "@connectrpc/connect";
import type { Timer } from "./sleep.ts";

/** How long a connection may be silent. */
export interface IdleTimeout {
  /** Milliseconds without a message after which a connection counts as broken. */
  readonly silenceMs: number;
  readonly timer: Timer;
}

/**
 * Reads the next message. Only the time that the reader spends waiting for it counts towards the idle timeout.
 *
 * @param text the error's message if the timeout expires.
 * @param call aborted when the timeout expires.
 * @returns `undefined` at the end of the stream.
 * @throws ConnectError with code Unavailable on a timeout; whatever the call throws.
 */
export function nextMessage<T>(
  messages: AsyncIterator<T>,
  { silenceMs, timer }: IdleTimeout,
  text: string,
  call: AbortController,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancelTimeout = timer(silenceMs, () => {
      const timedOut = new ConnectError(text, Code.Unavailable);
      reject(timedOut);
      call.abort(timedOut);
    });
    messages
      .next()
      .then(({ done, value }) => resolve(done === true ? undefined : value), reject)
      .finally(cancelTimeout);
  });
}

/**
 * Sleeps for so many milliseconds. Injected where time decides something, so that tests need not sleep.
 *
 * @param signal ends it early: it then throws the signal's reason.
 */
export type Sleep = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

/**
 * Sleeps by a timer. `node:timers/promises` makes an error with a stack for each sleep that is aborted, and streams
 * abort one for each message.
 */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", leave);
      resolve();
    }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  });

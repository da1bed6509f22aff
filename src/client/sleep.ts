/** Calls `fire` once after this many milliseconds. The returned function cancels that. */
export type Timer = (ms: number, fire: () => void) => () => void;

export const systemTimer: Timer = (ms, fire) => {
  const id = setTimeout(fire, ms);
  return () => clearTimeout(id);
};

/**
 * Sleeps for this many milliseconds. Once it settles, neither a timer nor a listener is left.
 *
 * @param timer default: real time.
 * @throws the reason of `signal` once that is aborted.
 */
export function sleep(ms: number, signal?: AbortSignal, timer: Timer = systemTimer): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const settle = (settled: () => void) => (): void => {
      cancel();
      signal?.removeEventListener("abort", abort);
      settled();
    };
    const abort = settle(() => reject(signal?.reason));
    const cancel = timer(ms, settle(resolve));
    signal?.addEventListener("abort", abort);
  });
}

/** Waits for a time, and no longer once the signal is aborted: then it throws the signal's reason. Injected, so that tests need not wait. */
export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

/** Waits by a timer. Node's own promise of one makes an error of its own, with a stack, for each wait that is cut short: streams do that for each message. */
export const waitReally: Wait = (ms, signal) =>
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

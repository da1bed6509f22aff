/** Calls `fire` once after so many milliseconds, unless what it returns is called before. */
export type Timer = (ms: number, fire: () => void) => () => void;

export const systemTimer: Timer = (ms, fire) => {
  const id = setTimeout(fire, ms);
  return () => clearTimeout(id);
};

/** Waits so many milliseconds; throws the reason of `signal` when that is aborted first. */
export function wait(ms: number, timer: Timer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const done = (settle: () => void) => (): void => {
      cancel();
      signal.removeEventListener("abort", leave);
      settle();
    };
    const leave = done(() => reject(signal.reason));
    const cancel = timer(ms, done(resolve));
    signal.addEventListener("abort", leave);
  });
}

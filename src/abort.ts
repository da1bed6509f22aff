// Shared, because `abort()` without a reason makes a DOMException with a stack, which costs more than the rest of the
// abort.

/** Abort reason for work whose result nobody awaits any longer. */
export const NO_LONGER_NEEDED = new Error("The result is no longer needed.");

/** Abort reason for a request whose client has closed the connection, or the stream. */
export const CLIENT_LEFT = new Error("The client disconnected.");

/**
 * Waits for `work` until `signal` is aborted, and then throws the signal's reason. The work itself continues.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

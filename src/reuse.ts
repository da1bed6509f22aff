import type { Clock } from "./clock.ts";

/**
 * Makes a function that calls `read` at most once in `forMs` milliseconds and gives its result to all who ask meanwhile. A failure is not kept.
 */
export function reuse<T>(forMs: number, clock: Clock, read: () => Promise<T>): () => Promise<T> {
  let current: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock.now();
    // A clock that was set back must not keep a value for longer.
    if (current === undefined || now < current.at || now - current.at >= forMs) {
      const value = read();
      const made = { at: now, value };
      current = made;
      value.catch(() => {
        if (current === made) current = undefined;
      });
    }
    return current.value;
  };
}

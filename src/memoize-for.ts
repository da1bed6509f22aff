import type { Clock } from "./clock.ts";

/**
 * Makes a function that calls `read` at most once in `ttlMs` milliseconds, and returns what it returned to all who call
 * meanwhile. A failure is not kept.
 */
export function memoizeFor<T>(ttlMs: number, clock: Clock, read: () => Promise<T>): () => Promise<T> {
  let current: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock.now();
    // A clock that was set back must not keep a value for longer.
    if (current === undefined || now < current.at || now - current.at >= ttlMs) {
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

import type { LogSource } from "./source.ts";

/**
 * Returns the same sources, whose logs count as those of one caller.
 *
 * @param caller the user name.
 */
export function forCaller(sources: readonly LogSource[], caller: string): readonly LogSource[] {
  return sources.map((source) => ({
    ...source,
    open: (target, signal, options) => source.open(target, signal, { ...options, caller }),
  }));
}

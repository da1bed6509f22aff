import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "./clock.ts";

/** Limits what comes per minute, for each key and in total. */
export interface Rate {
  /**
   * Takes so much for a key. Default: 1.
   *
   * @returns 0, or after how many milliseconds to try again: then nothing was taken.
   */
  take(key: string, weight?: number): number;
  /** Gives back what was taken, because it turned out to cost nothing. */
  giveBack(key: string, weight?: number): void;
}

/** The rate per minute. After a pause, a whole minute's may come at once; then one at a time at an even pace. */
export interface RateLimits {
  readonly perKey: number;
  /** Default: unlimited. */
  readonly total?: number;
}

const MINUTE_MS = 60_000;
/** With more keys than that, those idle longest are forgotten: the total limit holds for anyone with many keys. */
const MAX_KEYS = 10_000;

/** Counts in memory, for one process. */
export function createRate({ perKey, total = Number.POSITIVE_INFINITY }: RateLimits, clock: Clock): Rate {
  const steady = steadyClock(clock);
  /** When the next one would be due at an even pace. */
  const dueOf = new LRUCache<string, number>({ max: MAX_KEYS });
  let dueOfAll = 0;
  const add = (key: string, weight: number): void => {
    const now = steady.now();
    dueOf.set(key, Math.max(now, dueOf.get(key) ?? 0) + (weight * MINUTE_MS) / perKey);
    dueOfAll = Math.max(now, dueOfAll) + (weight * MINUTE_MS) / total;
  };
  return {
    take(key, weight = 1) {
      const now = steady.now();
      const own = excess((dueOf.get(key) ?? 0) - now, perKey, weight);
      const waitMs = Math.max(own, excess(dueOfAll - now, total, weight));
      if (waitMs === 0) add(key, weight);
      return waitMs;
    },
    giveBack: (key, weight = 1) => add(key, -weight),
  };
}

/** How much debt is too much to take so much: a whole minute's may be taken at once. */
function excess(debtMs: number, perMinute: number, weight: number): number {
  return Math.max(0, Math.max(0, debtMs) - Math.max(0, MINUTE_MS - (weight * MINUTE_MS) / perMinute));
}

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
  /** What a caller waits for whose `take` was refused: the limit for the key or, if it waits longer for it, in total. */
  exceeded(key: string, weight?: number): { readonly perMinute: number; readonly of: "key" | "total" };
  /**
   * Takes so much for a key even if that exceeds the limit, because it has been spent already. At most another minute's
   * is owed: nobody is refused for longer than that.
   */
  charge(key: string, weight: number): void;
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
  const waits = (key: string, weight: number): { readonly own: number; readonly all: number } => {
    const now = steady.now();
    return {
      own: excess((dueOf.get(key) ?? 0) - now, perKey, weight),
      all: excess(dueOfAll - now, total, weight),
    };
  };
  return {
    take(key, weight = 1) {
      const { own, all } = waits(key, weight);
      const waitMs = Math.max(own, all);
      if (waitMs === 0) add(key, weight);
      return waitMs;
    },
    exceeded(key, weight = 1) {
      const { own, all } = waits(key, weight);
      return own >= all ? { perMinute: perKey, of: "key" } : { perMinute: total, of: "total" };
    },
    charge(key, weight) {
      add(key, weight);
      const most = steady.now() + 2 * MINUTE_MS;
      dueOf.set(key, Math.min(most, dueOf.get(key) ?? 0));
      dueOfAll = Math.min(most, dueOfAll);
    },
    giveBack: (key, weight = 1) => add(key, -weight),
  };
}

/** What a refused caller is told. */
export interface Refused extends ReturnType<Rate["exceeded"]> {
  /** After how many whole seconds to try again. */
  readonly seconds: number;
}

/**
 * Takes so much for a key.
 *
 * @param refusal makes the error to throw if that is too much.
 */
export function takeOrThrow(rate: Rate, key: string, refusal: (refused: Refused) => Error, weight?: number): void {
  const waitMs = rate.take(key, weight);
  if (waitMs > 0) throw refusal({ ...rate.exceeded(key, weight), seconds: Math.ceil(waitMs / 1_000) });
}

/** How much debt is too much to take so much: a whole minute's may be taken at once. */
function excess(debtMs: number, perMinute: number, weight: number): number {
  const waitMs = Math.max(0, debtMs) - Math.max(0, MINUTE_MS - (weight * MINUTE_MS) / perMinute);
  // A minute's worth that was taken in parts may sum up to a little more.
  return waitMs < 1e-6 ? 0 : waitMs;
}

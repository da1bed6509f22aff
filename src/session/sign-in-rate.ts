import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import { networkOf } from "../ip-address.ts";

/** Limits sign-ins per minute: each one makes the cluster review a token. */
export interface SignInRate {
  /**
   * Takes a sign-in for an address.
   *
   * @returns 0, or after how many milliseconds to try again: then none was taken.
   */
  take(address: string): number;
}

/** The rate per minute. After a pause, a whole minute's may come at once; then one at a time at an even pace. */
export interface SignInLimits {
  readonly perAddress: number;
  readonly total: number;
}

const MINUTE_MS = 60_000;
/**
 * With more addresses than that, those idle longest are forgotten: the total limit holds for anyone with many
 * addresses.
 */
const MAX_ADDRESSES = 10_000;

/**
 * Counts in memory, for one process. An IPv6 network (/64) counts as one address, because its owner has all of its
 * addresses.
 */
export function createSignInRate({ perAddress, total }: SignInLimits, clock: Clock): SignInRate {
  const steady = steadyClock(clock);
  /** When the next one would be due at an even pace. */
  const dueOf = new LRUCache<string, number>({ max: MAX_ADDRESSES });
  let dueOfAll = 0;
  return {
    take(address) {
      const now = steady.now();
      const key = networkOf(address);
      const due = Math.max(now, dueOf.get(key) ?? 0);
      const dueAll = Math.max(now, dueOfAll);
      const waitMs = Math.max(excess(due - now, perAddress), excess(dueAll - now, total));
      if (waitMs > 0) return waitMs;
      dueOf.set(key, due + MINUTE_MS / perAddress);
      dueOfAll = dueAll + MINUTE_MS / total;
      return 0;
    },
  };
}

/** How much debt is too much for another sign-in: a whole minute's are allowed at once. */
function excess(debtMs: number, perMinute: number): number {
  return Math.max(0, debtMs - (MINUTE_MS - MINUTE_MS / perMinute));
}

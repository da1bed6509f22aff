import { isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import { groupsOf, withoutZone } from "../ip-address.ts";

/** Holds sign-ins to so many a minute: each has the cluster review a token. */
export interface SignInRate {
  /**
   * Takes one for an address.
   *
   * @returns 0, or in how many milliseconds there is one again: then none was taken.
   */
  take(address: string): number;
}

/** How many a minute. As many may come at once after a pause; then one each time that its share of the minute is over. */
export interface SignInLimits {
  readonly perAddress: number;
  readonly total: number;
}

const MINUTE_MS = 60_000;
/** Of more addresses than that, those that were quiet longest are forgotten: the limit in all holds for whoever has many. */
const MOST_ADDRESSES = 10_000;

/** Counts in memory, for one process. Of IPv6 addresses, those of one network (/64) are one: whoever has one has them all. */
export function createSignInRate({ perAddress, total }: SignInLimits, clock: Clock): SignInRate {
  const steady = steadyClock(clock);
  /** When the next one would be due at an even pace. */
  const dueOf = new LRUCache<string, number>({ max: MOST_ADDRESSES });
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

/** By how much a debt is too large for another one: a whole minute's are let through at once. */
function excess(debtMs: number, perMinute: number): number {
  return Math.max(0, debtMs - (MINUTE_MS - MINUTE_MS / perMinute));
}

function networkOf(address: string): string {
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined || !isIPv6(address)) return v4 ?? address;
  return groupsOf(withoutZone(address))
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":");
}

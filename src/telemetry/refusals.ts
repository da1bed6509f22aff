import { LIMITS, type LimitName } from "../limits.ts";

/** How often each limit has refused something. */
export interface Refusals {
  /**
   * Counts a refusal.
   *
   * @param error the error in which it reaches the client. One that is counted already is not counted again.
   */
  count(limit: LimitName, error?: object): void;
  /** All limits in the order of {@link LIMITS}. */
  read(): readonly { readonly limit: LimitName; readonly reason: string; readonly count: number }[];
}

/** Counts in memory, for one process. */
export function createRefusals(): Refusals {
  const counts = new Map<LimitName, number>();
  const seen = new WeakSet<object>();
  return {
    count(limit, error) {
      if (error !== undefined) {
        if (seen.has(error)) return;
        seen.add(error);
      }
      counts.set(limit, (counts.get(limit) ?? 0) + 1);
    },
    read: () =>
      (Object.keys(LIMITS) as LimitName[]).map((limit) => ({
        limit,
        reason: LIMITS[limit],
        count: counts.get(limit) ?? 0,
      })),
  };
}

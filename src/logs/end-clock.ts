import { type Clock, steadyClock } from "../clock.ts";
import { hasEnded } from "../runs/run.ts";
import type { ContainerView } from "./view.ts";

/**
 * Creates a clock for attempts that have ended: the time is never earlier than the attempt's end plus the time since
 * that end was first seen. So nobody waits longer because this clock is behind the cluster's or is set back.
 *
 * @returns milliseconds since 1970.
 */
export function createEndClock(clock: Clock): (view: Pick<ContainerView, "attempt">) => number {
  const steady = steadyClock(clock);
  let seenAt: number | undefined;
  return ({ attempt }) => {
    const now = clock.now();
    const passed = steady.now();
    if (attempt.endedAt === undefined || !hasEnded(attempt.phase)) {
      seenAt = undefined;
      return now;
    }
    seenAt ??= passed;
    return Math.max(now, Date.parse(attempt.endedAt) + passed - seenAt);
  };
}

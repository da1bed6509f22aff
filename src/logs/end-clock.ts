import { type Clock, steadyClock } from "../clock.ts";
import { hasEnded } from "../runs/run.ts";
import type { ContainerView } from "./view.ts";

/**
 * Tells what time it is for an attempt that has ended: by the clock, and at least as long after its end as it has been seen to have ended. So a clock that is behind the
 * cluster's, or is set back, keeps nobody waiting.
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

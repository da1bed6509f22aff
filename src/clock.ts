/** Where time comes from, so that tests can decide what time it is. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * A clock that goes with another one but never back: for how long something is kept must not grow when somebody sets the system's clock back. Its zero means
 * nothing.
 */
export function steadyClock(clock: Clock): Clock {
  let last = clock.now();
  // Not 0, which lru-cache takes for no time at all.
  let elapsed = 1;
  return {
    now() {
      const now = clock.now();
      elapsed += Math.max(0, now - last);
      last = now;
      return elapsed;
    },
  };
}

/** The source of time, so that tests can control it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * A clock that follows another one but never goes back: how long something is kept must not grow when the system clock
 * is set back. Its zero has no meaning.
 */
export function steadyClock(clock: Clock): Clock {
  let last = clock.now();
  // Not 0: lru-cache treats 0 as unset.
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

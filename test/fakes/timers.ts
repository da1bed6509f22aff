import type { Timer } from "../../src/client/sleep.ts";

/** A timer for tests: short times are over at once and noted, long ones pass when the test says so. */
export interface FakeTimer {
  readonly timer: Timer;
  /** The short times that somebody waited for, in milliseconds. */
  readonly waited: readonly number[];
  /** Lets all long times pass that somebody waits for now. */
  passLong(): void;
}

/** @param longMs from how many milliseconds on a time is long. */
export function fakeTimer(longMs = 40_000): FakeTimer {
  const waited: number[] = [];
  const long = new Set<() => void>();
  return {
    waited,
    timer: (ms, fire) => {
      if (ms >= longMs) {
        const own = (): void => fire();
        long.add(own);
        return () => long.delete(own);
      }
      waited.push(ms);
      const id = setImmediate(fire);
      return () => clearImmediate(id);
    },
    passLong: () => {
      for (const fire of [...long]) fire();
      long.clear();
    },
  };
}

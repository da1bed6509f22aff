import type { Timer } from "../../src/client/sleep.ts";

/** A timer for tests: short times pass at once and are recorded, long ones pass when the test says so. */
export interface FakeTimer {
  readonly timer: Timer;
  /** The short times that were waited for, in milliseconds. */
  readonly waited: readonly number[];
  /** Ends all pending long waits. */
  passLong(): void;
}

/** @param longMs the minimum of a long time, in milliseconds. */
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

import type { Sleep } from "../../src/sleep.ts";

/** Waits for tests, which end only when the test lets their time pass. */
export interface FakeWaits {
  readonly wait: Sleep;
  /** The durations of the pending waits, in milliseconds. */
  readonly pending: readonly number[];
  /** Settles when this many matching waits are pending. Default: 1. */
  until(test: (ms: number) => boolean, count?: number): Promise<void>;
  /** Ends all matching pending waits. */
  pass(test: (ms: number) => boolean): void;
  /** Settles when no wait is pending. */
  untilNone(): Promise<void>;
}

export function createWaits(): FakeWaits {
  const waiting = new Set<{ readonly ms: number; readonly pass: () => void }>();
  let told: (() => void)[] = [];
  const change = (): void => {
    const all = told;
    told = [];
    for (const each of all) each();
  };
  const untilTrue = async (test: () => boolean): Promise<void> => {
    while (!test()) await new Promise<void>((resolve) => told.push(resolve));
  };
  return {
    get pending() {
      return [...waiting].map(({ ms }) => ms);
    },
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const done = (settle: () => void): void => {
          waiting.delete(own);
          signal?.removeEventListener("abort", leave);
          settle();
          change();
        };
        const leave = (): void => done(() => reject(signal?.reason));
        const own = { ms, pass: () => done(resolve) };
        waiting.add(own);
        signal?.addEventListener("abort", leave);
        change();
      }),
    until: (test, count = 1) => untilTrue(() => [...waiting].filter(({ ms }) => test(ms)).length >= count),
    pass: (test) => {
      for (const each of [...waiting]) if (test(each.ms)) each.pass();
    },
    untilNone: () => untilTrue(() => waiting.size === 0),
  };
}

import type { Sleep } from "../../src/sleep.ts";

/** Waiting for tests: no time is over before the test says so. */
export interface FakeWaits {
  readonly wait: Sleep;
  /** How long those wait who wait now, in milliseconds. */
  readonly pending: readonly number[];
  /** Settles when as many wait for such a time. Default: one. */
  until(test: (ms: number) => boolean, count?: number): Promise<void>;
  /** Lets all such times pass that somebody waits for now. */
  pass(test: (ms: number) => boolean): void;
  /** Settles when nobody waits any more. */
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

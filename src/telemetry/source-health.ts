import type { Clock } from "../clock.ts";
import type { SourceTry } from "../failure.ts";

/** How a fetch of a log failed. */
export interface FetchFailure {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: SourceTry["outcome"];
  readonly httpStatus: number | undefined;
  /** One sentence, without any address. */
  readonly message: string;
}

/** How often a log was not found, by the time since the job ended. */
export interface NotFoundCount {
  /** In milliseconds. `undefined`: the job had not ended. */
  readonly fromMs: number | undefined;
  /** `undefined`: unbounded. */
  readonly toMs: number | undefined;
  readonly count: number;
}

/** The health of a source. */
export interface SourceHealth {
  readonly fetches: number;
  readonly successes: number;
  /** From 0 to 1, over the last fetches that succeeded or failed. `undefined`: there were none. */
  readonly successRate: number | undefined;
  /** Milliseconds to the first byte, over the last fetches that succeeded: the median and the 95th percentile. */
  readonly firstByteMs: { readonly p50: number; readonly p95: number } | undefined;
  readonly lastSuccessAt: number | undefined;
  readonly lastFailure: FetchFailure | undefined;
  readonly notFound: readonly NotFoundCount[];
  readonly open: number;
}

/** Counts the outcomes of asking one source. Its size is bounded. */
export interface SourceMeter {
  /**
   * A log has started to arrive.
   *
   * @returns a function that says that it is no longer open.
   */
  succeeded(tookMs: number): () => void;
  /**
   * The log was not found.
   *
   * @param endedAgoMs the time since the job ended; `undefined`: it had not ended.
   */
  notFound(endedAgoMs: number | undefined): void;
  /** It failed. */
  failed(failure: Omit<FetchFailure, "at">): void;
  /** A log broke off after it had started to arrive. */
  brokeOff(failure: Omit<FetchFailure, "at">): void;
  /** It had no log yet. */
  notYet(): void;
  read(): SourceHealth;
}

/** The number of fetches for the rate and the times. */
const RECENT = 1_000;
const S = 1_000;
const M = 60 * S;
const H = 60 * M;
/** Bounds of the time since a job ended: log shippers take seconds to minutes, retention takes days. */
const AGES_MS = [0, 10 * S, M, 5 * M, H, 24 * H, 7 * 24 * H] as const;

export function createSourceMeter(clock: Clock): SourceMeter {
  let fetches = 0;
  let successes = 0;
  let open = 0;
  let lastSuccessAt: number | undefined;
  let lastFailure: FetchFailure | undefined;
  const outcomes = createRing<boolean>();
  const times = createRing<number>();
  let notEnded = 0;
  const notFound = AGES_MS.map(() => 0);

  const fail = ({ outcome, httpStatus, message }: Omit<FetchFailure, "at">): void => {
    lastFailure = { at: clock.now(), outcome, httpStatus, message };
    outcomes.add(false);
  };

  return {
    succeeded(tookMs) {
      fetches += 1;
      successes += 1;
      open += 1;
      lastSuccessAt = clock.now();
      outcomes.add(true);
      times.add(tookMs);
      let isOpen = true;
      return () => {
        if (isOpen) open -= 1;
        isOpen = false;
      };
    },
    notFound(endedAgoMs) {
      fetches += 1;
      if (endedAgoMs === undefined) notEnded += 1;
      // Clocks differ: a job that ends in the future has just ended.
      else {
        const age = Math.max(
          0,
          AGES_MS.findLastIndex((from) => from <= endedAgoMs),
        );
        notFound[age] = (notFound[age] ?? 0) + 1;
      }
    },
    failed(failure) {
      fetches += 1;
      fail(failure);
    },
    brokeOff: fail,
    notYet() {
      fetches += 1;
    },
    read: () => ({
      fetches,
      successes,
      successRate: shareOf(outcomes.all()),
      firstByteMs: percentilesOf(times.all()),
      lastSuccessAt,
      lastFailure,
      notFound: [
        { fromMs: undefined, toMs: undefined, count: notEnded },
        ...AGES_MS.map((fromMs, index) => ({ fromMs, toMs: AGES_MS[index + 1], count: notFound[index] ?? 0 })),
      ].filter(({ count }) => count > 0),
      open,
    }),
  };
}

function createRing<T>(): { add(value: T): void; all(): readonly T[] } {
  const values: T[] = [];
  let next = 0;
  return {
    add(value) {
      values[next] = value;
      next = (next + 1) % RECENT;
    },
    all: () => values,
  };
}

function shareOf(outcomes: readonly boolean[]): number | undefined {
  return outcomes.length === 0 ? undefined : outcomes.filter(Boolean).length / outcomes.length;
}

function percentilesOf(times: readonly number[]): SourceHealth["firstByteMs"] {
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

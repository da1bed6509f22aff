import { Failure } from "../failure.ts";
import type { Sleep } from "../sleep.ts";

/**
 * Waits a moment if an error is the refusal of what came too often, or was too much at once. Otherwise, and when the
 * signal is aborted, it resolves at once.
 */
export type RefusalDelay = (error: unknown, signal: AbortSignal) => Promise<void>;

/** Reasons of refusals after which programs should wait before they try again, and some do not. */
const DELAYED: ReadonlySet<string> = new Set([
  "TOO_MANY_STREAMS",
  "TOO_MANY_REQUESTS",
  "TOO_MANY_CALLS",
  "TOO_MANY_SIGN_INS",
  "SERVER_BUSY",
  "SOURCE_BUSY",
]);
/** The longest delay of a few refusals, in milliseconds. */
export const REFUSAL_DELAY_MS = 1_500;
/** Each holds a request and its connection. Further refusals are sent at once. */
const MAX_WAITING = 1_000;
/** The delay doubles with so many refusals that wait, so that about as many are sent in a second. */
const UNHURRIED = 100;
/** The most that it grows. */
const MAX_GROWTH = 4;

/**
 * Delays refusals, so that programs that try again at once are slowed down to about one try a second each, and to some
 * 100 a second in all, instead of keeping the server from those who are within their limits. Delays vary between a third
 * of the longest and the whole, so that those who were refused together do not come back together.
 *
 * @param longestMs how long a refusal is delayed at most while few are. 0: nothing is delayed.
 */
export function createRefusalDelay(sleep: Sleep, longestMs: number): RefusalDelay {
  let waiting = 0;
  return async (error, signal) => {
    if (longestMs === 0 || waiting >= MAX_WAITING) return;
    if (!(error instanceof Failure) || !DELAYED.has(error.reason)) return;
    const most = longestMs * Math.min(MAX_GROWTH, 1 + waiting / UNHURRIED);
    waiting += 1;
    try {
      await sleep((most * (1 + 2 * Math.random())) / 3, signal);
    } catch {
      // The client has left.
    } finally {
      waiting -= 1;
    }
  };
}

import { whenQuiet } from "../quiet.ts";
import type { Sleep } from "../sleep.ts";

/** Proxies cut connections that are quiet for 30 s or longer. */
const MOST_MS = 15_000;
/** For headers to go out, which the first message brings along. */
const FIRST_MS = 500;

/** Puts a heartbeat into a stream before it has been quiet for 15 s, and early on where it has nothing to say at once. */
export function withHeartbeats<T>(source: AsyncIterable<T>, heartbeat: T, wait: Sleep): AsyncIterable<T> {
  return whenQuiet(source, { firstMs: FIRST_MS, mostMs: MOST_MS, told: { done: false, value: heartbeat }, wait });
}

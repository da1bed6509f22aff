import type { IncomingHttpHeaders } from "node:http";

/** Delays before the second, third and fourth try. */
const DELAYS_MS = [100, 300, 900];
/** No further try starts after this time: the caller has waited long enough. */
const BUDGET_MS = 10_000;

/**
 * The delay before the next try, in milliseconds; `undefined` to give up.
 *
 * Delays grow, with a jitter of up to a quarter, so that calls that failed together are not retried together. The
 * server's `Retry-After` is respected, unless it exceeds the budget of ten seconds.
 *
 * @param tries the number of tries so far.
 * @param elapsedMs since the first try started.
 * @param askedMs the server's `Retry-After`.
 * @param random from 0 to 1.
 */
export function retryDelay(
  tries: number,
  elapsedMs: number,
  askedMs: number | undefined,
  random: number,
): number | undefined {
  const delay = DELAYS_MS[tries - 1];
  if (delay === undefined) return undefined;
  const ms = Math.max(delay * (0.75 + random / 2), askedMs ?? 0);
  return elapsedMs + ms > BUDGET_MS ? undefined : ms;
}

/**
 * Whether a status is transient
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/).
 */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Whether the server did not respond in time: then the caller has waited long enough. */
export function isSilence(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT";
}

/** The `Retry-After` header, in milliseconds. The API server sends seconds; dates are ignored. */
export function retryAfter({ "retry-after": text }: IncomingHttpHeaders): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}

import type { IncomingHttpHeaders } from "node:http";

/** Before the second, third and fourth try. */
const DELAYS_MS = [100, 300, 900];
/** After this, no further try begins: whoever asked has waited long enough. */
const BUDGET_MS = 10_000;

/**
 * How long to wait before a call is tried again, in milliseconds; `undefined` where it should not be.
 *
 * Delays grow and differ by up to a quarter, so that those who failed together do not come back together. What the
 * server asks for is kept to, unless it asks for more than ten seconds in all.
 *
 * @param tries how often it was tried.
 * @param elapsedMs since the first try began.
 * @param askedMs what the server asked for by `Retry-After`.
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
 * Whether a status may be another one in a moment
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/).
 */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Whether the server let the time for an answer pass: whoever asked has waited long enough by then. */
export function isSilence(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT";
}

/** What `Retry-After` asks for, in milliseconds. The API server sends seconds; a date is taken for nothing. */
export function retryAfter({ "retry-after": text }: IncomingHttpHeaders): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}

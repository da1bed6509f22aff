import type { Logger } from "pino";
import { countFailure, logFailure, type ReportedFailure, reportFailure } from "../rpc/errors.ts";
import type { Services } from "../rpc/services.ts";

/**
 * Reports what a plain HTTP route has thrown: to the log, and to the count of refusals. Settles when the client may
 * receive it, or has left.
 */
export async function reportPlainFailure(
  error: unknown,
  { refusalDelay, counters }: Pick<Services, "refusalDelay" | "counters">,
  log: Logger,
  signal: AbortSignal,
): Promise<ReportedFailure> {
  const reported = reportFailure(error);
  logFailure(log, reported);
  countFailure(reported, counters.refusals);
  await refusalDelay(error, signal);
  return reported;
}

/** A failure as plain text: the message, a line for each source that was tried, the next step and the reference. */
export function failureText({ failure, reference }: ReportedFailure): string {
  const { reason, message, next, tries } = failure;
  return [
    `taffrail: ${message} (${reason})`,
    ...(tries ?? []).map((each) => `  source ${each.source}: ${each.message}`),
    ...(next === undefined ? [] : [`  next: ${next}`]),
    `  ref: ${reference}`,
    "",
  ].join("\n");
}

/** The headers that a failure has over plain HTTP. */
export function failureHeaders({ failure }: ReportedFailure): Record<string, string> {
  const { kind, retrySeconds } = failure;
  return {
    ...(kind === "unauthenticated" && { "www-authenticate": "Bearer" }),
    ...(retrySeconds !== undefined && { "retry-after": String(retrySeconds) }),
  };
}

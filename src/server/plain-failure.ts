import type { ReportedFailure } from "../rpc/errors.ts";

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

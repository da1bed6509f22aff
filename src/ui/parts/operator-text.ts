import type { ErrorDescription } from "../../client/describe-error.ts";

/** The details by which an operator can find a failure in the logs. Contains no secrets. */
export function operatorText({ reason, message, reference, sources }: ErrorDescription, address: string): string {
  return [
    message,
    ...sources.map((each) => `source ${each.source}: ${each.message}`),
    `reason ${reason || "-"}, reference ${reference || "-"}`,
    address,
    new Date().toISOString(),
  ].join("\n");
}

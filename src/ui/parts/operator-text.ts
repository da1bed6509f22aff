import type { ErrorDescription } from "../../client/describe-error.ts";

/** What an operator needs to find a failure again; it holds no secret. */
export function operatorText({ reason, message, reference, sources }: ErrorDescription, address: string): string {
  return [
    message,
    ...sources.map((each) => `source ${each.source}: ${each.message}`),
    `reason ${reason || "-"}, reference ${reference || "-"}`,
    address,
    new Date().toISOString(),
  ].join("\n");
}

import type { ErrorDescription } from "../../client/describe-error.ts";
import { sessionState } from "../session/session.ts";

/** The details by which an operator can find a failure in the logs. Contains no secrets. */
export function operatorText({ reason, message, reference, sources }: ErrorDescription, address: string): string {
  const session = sessionState();
  return [
    message,
    ...sources.map((each) => `source ${each.source}: ${each.message}`),
    `reason ${reason || "-"}, reference ${reference || "-"}`,
    ...(session.kind === "in" && session.user !== "" ? [`user ${session.user}`] : []),
    address,
    new Date().toISOString(),
  ].join("\n");
}

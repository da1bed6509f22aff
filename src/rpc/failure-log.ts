import type { Logger } from "pino";
import type { FailureKind } from "../failure.ts";
import type { ReportedFailure } from "./errors.ts";

/** Failures that an operator has to look at. The others are what callers do wrong, or ask for in vain. */
const OPERATORS: ReadonlySet<FailureKind> = new Set(["internal", "refused", "unavailable", "silent", "not-configured"]);

/** Logs a failure under the reference that its reader was told, with its cause, which the reader was not. */
export function logFailure(log: Logger, { failure, reference }: ReportedFailure): void {
  const { kind, reason, message, tries, cause } = failure;
  const entry = { reference, reason, ...(tries && { tries }), ...(cause !== undefined && { err: cause }) };
  if (OPERATORS.has(kind)) log.warn(entry, message);
  else log.debug(entry, message);
}

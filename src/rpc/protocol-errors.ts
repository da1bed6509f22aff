import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { Failure, type FailureKind } from "../failure.ts";
import type { LimitName } from "../limits.ts";
import type { Refusals } from "../telemetry/refusals.ts";
import { connectError, countRefusal, reportFailure } from "./errors.ts";

interface Explanation {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string;
  readonly limit?: LimitName;
}

const VIOLATION: Explanation = {
  kind: "bad-request",
  reason: "REQUEST_INVALID",
  next: "Correct the request: it violates its protocol.",
};
const EXPLANATIONS: Readonly<Partial<Record<Code, Explanation>>> = {
  [Code.ResourceExhausted]: {
    kind: "too-much",
    reason: "LIMIT_REACHED",
    next: "Send a smaller request.",
    limit: "request.bytes",
  },
  [Code.DeadlineExceeded]: { kind: "silent", reason: "DEADLINE_EXCEEDED", next: "Allow more time for the call." },
  [Code.Canceled]: { kind: "bad-request", reason: "CANCELED", next: "Retry the call." },
};

/**
 * Adds a reason to an error that is not a {@link Failure}, such as that of a message that cannot be parsed, because
 * every error has a reason. Code and message stay as they are.
 */
export function addReason(error: ConnectError): ConnectError {
  if (error.findDetails(ErrorInfoSchema).length > 0) return error;
  const { kind, reason, ...details } = EXPLANATIONS[error.code] ?? VIOLATION;
  error.details.push(...connectError(reportFailure(new Failure(kind, reason, error.rawMessage, details))).details);
  return error;
}

/**
 * Adds a reason to errors that connect-node throws outside all interceptors, such as those of a unary request's
 * parser, and counts those of a limit. Its handlers call `context.abort(error)` just before they write the error:
 * https://github.com/connectrpc/connect-es/blob/v2.2.0/packages/connect/src/protocol-connect/handler-factory.ts
 *
 * @param signal of the handler's context.
 */
export function addReasonBeforeWriting(signal: AbortSignal, refusals: Refusals): void {
  const add = (): void => {
    if (signal.reason instanceof ConnectError) countRefusal(addReason(signal.reason), refusals);
  };
  if (signal.aborted) add();
  else signal.addEventListener("abort", add, { once: true });
}

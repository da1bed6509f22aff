import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "pino";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  ChoicesSchema,
  SourceChainSchema,
  SourceFault,
  SourceOutcome,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure, type FailureKind, type SourceFault as FaultName, type SourceTry } from "../failure.ts";
import { LIMITS, type LimitName, limitOf } from "../limits.ts";
import type { Refusals } from "../telemetry/refusals.ts";

/** The one table from a kind of failure to a Connect (and gRPC) code, and to a status for plain HTTP. */
const TABLE: Readonly<Record<FailureKind, { readonly code: Code; readonly status: number }>> = {
  "bad-request": { code: Code.InvalidArgument, status: 400 },
  unauthenticated: { code: Code.Unauthenticated, status: 401 },
  denied: { code: Code.PermissionDenied, status: 403 },
  "not-found": { code: Code.NotFound, status: 404 },
  "not-yet": { code: Code.FailedPrecondition, status: 409 },
  unavailable: { code: Code.Unavailable, status: 503 },
  refused: { code: Code.Internal, status: 502 },
  silent: { code: Code.DeadlineExceeded, status: 504 },
  // Not a status that is retried as the failure of a gateway.
  damaged: { code: Code.DataLoss, status: 500 },
  "too-much": { code: Code.ResourceExhausted, status: 429 },
  "not-configured": { code: Code.Unimplemented, status: 501 },
  internal: { code: Code.Internal, status: 500 },
};

/** The contract's values for the outcomes of asking a source. */
export const OUTCOMES: Readonly<Record<SourceTry["outcome"], SourceOutcome>> = {
  "not-matched": SourceOutcome.NOT_MATCHED,
  "variable-missing": SourceOutcome.VARIABLE_MISSING,
  "value-refused": SourceOutcome.VALUE_REFUSED,
  "not-found": SourceOutcome.NOT_FOUND,
  "not-yet": SourceOutcome.NOT_YET,
  refused: SourceOutcome.REFUSED,
  unavailable: SourceOutcome.UNAVAILABLE,
  silent: SourceOutcome.SILENT,
  damaged: SourceOutcome.DAMAGED,
};

const FAULTS: Readonly<Record<FaultName, SourceFault>> = {
  "name-not-resolved": SourceFault.NAME_NOT_RESOLVED,
  "connection-refused": SourceFault.CONNECTION_REFUSED,
  "connection-closed": SourceFault.CONNECTION_CLOSED,
  tls: SourceFault.TLS,
  "address-not-allowed": SourceFault.ADDRESS_NOT_ALLOWED,
  "not-http": SourceFault.NOT_HTTP,
  redirect: SourceFault.REDIRECT,
  "no-pod": SourceFault.NO_POD,
  "log-removed": SourceFault.LOG_REMOVED,
  "pod-ended": SourceFault.POD_ENDED,
  "never-started": SourceFault.NEVER_STARTED,
  "log-damaged": SourceFault.LOG_DAMAGED,
  "node-limit": SourceFault.NODE_LIMIT,
  "node-failed": SourceFault.NODE_FAILED,
  "web-page": SourceFault.WEB_PAGE,
  "error-document": SourceFault.ERROR_DOCUMENT,
};

/** A failure with the reference under which operators find it in the server's log. */
export interface ReportedFailure {
  readonly failure: Failure;
  /** Eight hexadecimal digits. */
  readonly reference: string;
}

/**
 * Converts whatever was thrown: a {@link Failure} stays as it is, anything else becomes an internal error without
 * details.
 */
export function reportFailure(error: unknown): ReportedFailure {
  const reference = randomBytes(4).toString("hex");
  if (error instanceof Failure) return { failure: error, reference };
  return {
    reference,
    failure: new Failure("internal", "INTERNAL", "Internal server error.", {
      next: `Report the reference ${reference} to an operator.`,
      cause: error,
    }),
  };
}

/** The HTTP status for a failure. */
export function httpStatus(failure: Failure): number {
  return TABLE[failure.kind].status;
}

/** The RPC error for a failure, with its typed details. */
export function connectError({ failure, reference }: ReportedFailure): ConnectError {
  const { kind, reason, message, next, field, available } = failure;
  const limit = limitOf(failure);
  const metadata = {
    reference,
    ...(next !== undefined && { next }),
    ...(field !== undefined && { field }),
    ...(limit !== undefined && { limit }),
  };
  const info = create(ErrorInfoSchema, { reason, domain: "taffrail", metadata });
  return new ConnectError(message, TABLE[kind].code, undefined, [
    { desc: ErrorInfoSchema, value: info },
    ...(available === undefined
      ? []
      : [{ desc: ChoicesSchema, value: create(ChoicesSchema, { available: [...available] }) }]),
    ...(failure.tries === undefined ? [] : [{ desc: SourceChainSchema, value: sourceChain(failure.tries, failure) }]),
  ]);
}

function sourceChain(tries: readonly SourceTry[], { missing }: Failure) {
  const { jobName = "", endedAt, retryAt, keptUntil } = missing ?? {};
  return create(SourceChainSchema, {
    attempts: tries.map(({ source, outcome, httpStatus, message, fault, settleMs }) => ({
      source,
      outcome: OUTCOMES[outcome],
      httpStatus: httpStatus ?? 0,
      message,
      ...(fault !== undefined && { fault: FAULTS[fault] }),
      ...(settleMs !== undefined && { settle: durationFromMs(settleMs) }),
    })),
    jobName,
    ...(endedAt !== undefined && { jobEndTime: timestampFromMs(endedAt) }),
    ...(retryAt !== undefined && { retryTime: timestampFromMs(retryAt) }),
    ...(keptUntil !== undefined && { keptUntilTime: timestampFromMs(keptUntil) }),
  });
}

/** Failures that need an operator. All others are mistakes of callers, or requests for what does not exist. */
const OPERATORS: ReadonlySet<FailureKind> = new Set([
  "internal",
  "refused",
  "unavailable",
  "silent",
  "damaged",
  "not-configured",
]);

/** Counts a failure that is not sent as an RPC error, if a limit refused something. */
export function countFailure({ failure }: ReportedFailure, refusals: Refusals): void {
  const limit = limitOf(failure);
  if (limit !== undefined) refusals.count(limit);
}

/** Logs a failure with the reference that its reader received, and with its cause, which the reader did not receive. */
export function logFailure(log: Logger, { failure, reference }: ReportedFailure): void {
  const { kind, reason, message, tries, cause } = failure;
  const entry = { reference, reason, ...(tries && { tries }), ...(cause !== undefined && { err: cause }) };
  if (isForOperators(kind)) log.warn(entry, message);
  else log.debug(entry, message);
}

/** Whether a kind of failure is in the log of operators at its usual level. */
export function isForOperators(kind: FailureKind): boolean {
  return OPERATORS.has(kind);
}

/** Counts an RPC error once, if a limit refused something. */
export function countRefusal(error: ConnectError, refusals: Refusals): void {
  const limit = error.findDetails(ErrorInfoSchema)[0]?.metadata.limit;
  if (limit !== undefined && Object.hasOwn(LIMITS, limit)) refusals.count(limit as LimitName, error);
}

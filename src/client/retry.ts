import { Code, ConnectError } from "@connectrpc/connect";
import { type End, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "./describe-error.ts";

/** How long to wait before the next call. */
export interface Backoff {
  /** Before the first retry, in milliseconds; doubled before each further one. */
  readonly firstMs: number;
  /** Upper limit in milliseconds. */
  readonly mostMs: number;
  /** Jitter, from 0 to 1. */
  readonly random: () => number;
}

/**
 * Milliseconds to wait before a retry: at least half of the full delay, so that many clients that were cut off at once
 * do not all return at once.
 *
 * @param retry counted from 1.
 */
export function backoffDelay(retry: number, { firstMs, mostMs, random }: Backoff): number {
  const full = Math.min(mostMs, firstMs * 2 ** (retry - 1));
  return full / 2 + (random() * full) / 2;
}

/** Retries before a server has sent anything at all. */
export const MAX_FIRST_TRIES = 3;

/**
 * Ends after which the same request with the newest cursor may bring more. A reader that had stalled is reading again,
 * or it would not see this end.
 */
const RESUMABLE: ReadonlySet<EndReason> = new Set([
  EndReason.SOURCE_FAILED,
  EndReason.SOURCE_STALLED,
  EndReason.SERVER_SHUTDOWN,
  EndReason.READER_STALLED,
]);

/** Ends that say nothing about the log or its source: only the connection to it was cut. */
const CONNECTION_CUT: ReadonlySet<EndReason> = new Set([EndReason.SERVER_SHUTDOWN, EndReason.TOKEN_EXPIRED]);

/** Ends with which the call is OK: if the connection breaks after one of them, nothing is missing. */
const OK: ReadonlySet<EndReason> = new Set([
  EndReason.COMPLETE,
  EndReason.CAUGHT_UP,
  EndReason.SOURCE_ENDED,
  EndReason.LIMIT_REACHED,
  EndReason.UNTIL_REACHED,
  EndReason.SCAN_BUDGET_SPENT,
]);

/** Codes that a retry does not change. */
const PERMANENT: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.Unimplemented,
  Code.OutOfRange,
  Code.DataLoss,
]);

/** Codes of a server's own refusal that may pass: too many streams, for example, while the broken one still counts. */
const TRANSIENT: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
]);

/** Whether a stream with this end can be resumed. */
export function isResumable(end: End): boolean {
  return RESUMABLE.has(end.reason);
}

/** Whether only the connection was cut, by a server that is shutting down or a token that has expired. */
export function isConnectionCut(end: End): boolean {
  return CONNECTION_CUT.has(end.reason);
}

/** Whether a stream with this end has sent everything. */
export function isOk(end: End): boolean {
  return OK.has(end.reason);
}

/**
 * The error of a failed call. A connection that breaks in the middle of a response is a TypeError of `fetch`, and
 * becomes Unavailable.
 *
 * @param text the message for such a break.
 */
export function breakError(error: unknown, text: string): ConnectError {
  const typed = ConnectError.from(error);
  if (typed.code !== Code.Unknown || !(typed.cause instanceof TypeError)) return typed;
  return new ConnectError(text, Code.Unavailable, typed.metadata, undefined, typed.cause);
}

/**
 * Whether a retry may help.
 *
 * @param answered whether the server has ever sent a message for this request. Before that only Unavailable is retried:
 * a wrong address should be reported at once.
 */
export function isRetryable(error: ConnectError, answered: boolean): boolean {
  if (!answered) return error.code === Code.Unavailable;
  if (describeError(error).reason !== "") return TRANSIENT.has(error.code);
  // Connect reports a message that was cut off as an invalid argument.
  return error.rawMessage.startsWith("protocol error: ") || !PERMANENT.has(error.code);
}

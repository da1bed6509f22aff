import { Code, ConnectError } from "@connectrpc/connect";
import { type End, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "./describe-error.ts";

/** Tries before a server has sent anything at all. */
export const FIRST_TRIES = 3;

/** Ends after which the same request with the newest cursor may bring more. A reader that had stalled reads again, or it would not see this one. */
const GOES_ON: ReadonlySet<EndReason> = new Set([
  EndReason.SOURCE_FAILED,
  EndReason.SOURCE_STALLED,
  EndReason.SERVER_SHUTDOWN,
  EndReason.READER_STALLED,
]);

/** Ends that say nothing about the log or its source: only the way to it was cut. */
const CUT: ReadonlySet<EndReason> = new Set([EndReason.SERVER_SHUTDOWN, EndReason.TOKEN_EXPIRED]);

/** Ends with which the call is OK: whatever breaks after one of them, nothing is missing. */
const WELL: ReadonlySet<EndReason> = new Set([
  EndReason.COMPLETE,
  EndReason.CAUGHT_UP,
  EndReason.SOURCE_ENDED,
  EndReason.LIMIT_REACHED,
  EndReason.UNTIL_REACHED,
  EndReason.SCAN_BUDGET_SPENT,
]);

/** What stays as it is, however often it is asked. */
const FINAL: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.Unimplemented,
  Code.OutOfRange,
]);

/** Codes of a server's own refusal that may pass: too many streams, say, as long as the broken one still counts. */
const PASSING: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
]);

/** Whether a stream that ended so may go on. */
export function goesOn(end: End): boolean {
  return GOES_ON.has(end.reason);
}

/** Whether the way to the log was cut, by a server that stops or a token that has expired. */
export function wasCut(end: End): boolean {
  return CUT.has(end.reason);
}

/** Whether a stream that ended so has given all that it was to give. */
export function endedWell(end: End): boolean {
  return WELL.has(end.reason);
}

/**
 * What a call failed with. A connection that breaks in the middle of an answer is a TypeError of `fetch`, and Unavailable.
 *
 * @param text what to say of such a break.
 */
export function breakError(error: unknown, text: string): ConnectError {
  const typed = ConnectError.from(error);
  if (typed.code !== Code.Unknown || !(typed.cause instanceof TypeError)) return typed;
  return new ConnectError(text, Code.Unavailable, typed.metadata, undefined, typed.cause);
}

/**
 * Whether asking again may help.
 *
 * @param begun whether the server has ever sent a message of what was asked for. Before that only Unavailable is worth another try: an address that is wrong should be told at once.
 */
export function mayPass(error: ConnectError, begun: boolean): boolean {
  if (!begun) return error.code === Code.Unavailable;
  if (describeError(error).reason !== "") return PASSING.has(error.code);
  // Connect calls a message that was cut off an invalid argument.
  return error.rawMessage.startsWith("protocol error: ") || !FINAL.has(error.code);
}

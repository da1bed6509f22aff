import { type StopReason, StreamStopped } from "../access/stream-stopped.ts";
import { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";
import { SourceError } from "../sources/source-error.ts";
import { DecompressionLimit } from "../stream/decompression-error.ts";
import { LogReplaced } from "./text.ts";

/** Why a log stream ends. */
export type EndReasonName =
  | "complete"
  | "caught-up"
  | "source-ended"
  | "limit-reached"
  | "until-reached"
  | "scan-budget-spent"
  | "source-failed"
  | "source-stalled"
  | "source-damaged"
  | "server-limit-reached"
  | Exclude<StopReason, "recheck-failed">;

/** Ends after which reading on brings nothing. */
export const FINAL_REASONS: ReadonlySet<EndReasonName> = new Set(["complete", "until-reached", "source-damaged"]);

/** Thrown if a log is larger than the server allows. */
export class SizeLimit extends Error {
  constructor(maxBytes: number) {
    super(`The log is larger than ${maxBytes} bytes.`);
    this.name = "SizeLimit";
  }
}

/** Returns the end reason of a stream that failed in the middle, and the failure of the call. */
export function brokenOff(error: unknown): { readonly reason: EndReasonName; readonly failure: Failure } {
  if (error instanceof StreamStopped) {
    return { reason: error.reason === "recheck-failed" ? "source-failed" : error.reason, failure: error.failure };
  }
  if (error instanceof Failure) return { reason: reasonOf(error), failure: error };
  if (error instanceof SizeLimit || error instanceof DecompressionLimit) {
    const next = "Only the beginning of the log was sent. An operator can raise the limit.";
    const limit = error instanceof SizeLimit ? "limits.logBytes" : "limits.decompressionRatio";
    const failure = limitExceeded(limit, error.message, { next, cause: error });
    return { reason: "server-limit-reached", failure };
  }
  if (error instanceof LogReplaced) return { reason: "source-failed", failure: staleCursor(error) };
  if (error instanceof SourceError && error.outcome === "silent") {
    const message = "The store stopped sending in the middle of the log, which is incomplete.";
    const failure = new Failure("silent", "SOURCE_STALLED", message, { next: "Try again.", cause: error });
    return { reason: "source-stalled", failure };
  }
  const message =
    error instanceof SourceError
      ? "The connection to the store broke in the middle of the log, which is incomplete."
      : "The log could not be read to its end, so it is incomplete.";
  const failure = new Failure("unavailable", "SOURCE_FAILED", message, { next: "Try again.", cause: error });
  return { reason: "source-failed", failure };
}

function reasonOf({ kind, reason }: Failure): EndReasonName {
  // What is read while a stream runs is authorized again.
  if (kind === "unauthenticated") return "token-expired";
  if (kind === "denied") return "authorization-lost";
  return kind === "too-much" && reason === "LIMIT_REACHED" ? "server-limit-reached" : "source-failed";
}

/** The failure of a cursor whose log was replaced or truncated. */
export function staleCursor(cause: LogReplaced): Failure {
  return new Failure("bad-request", "CURSOR_STALE", "The log was replaced or truncated after this cursor was issued.", {
    next: "Read from the beginning, without a cursor.",
    field: "cursor",
    cause,
  });
}

/** Returns the end reason for several logs, each of which came to an end. */
export function worstOf(reasons: readonly EndReasonName[]): EndReasonName {
  const order: readonly EndReasonName[] = ["source-damaged", "caught-up", "source-ended", "until-reached", "complete"];
  return order.find((each) => reasons.includes(each)) ?? "source-ended";
}

/** Whether one of several logs does not exist, or not yet, or is damaged: the others are read all the same. */
export function hasNoLog(error: unknown): error is Failure {
  if (!(error instanceof Failure)) return false;
  return error.kind === "not-found" || error.kind === "not-yet" || error.kind === "damaged";
}

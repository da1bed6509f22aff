import { StreamStopped } from "../access/stream-stopped.ts";
import { Failure } from "../failure.ts";
import { SourceError } from "../sources/source-error.ts";
import { DecompressionLimit } from "../stream/decompress.ts";
import type { EndReasonName } from "./frame.ts";
import { SizeLimit } from "./size-limit.ts";
import { LogReplaced } from "./text.ts";

const REASONS: Readonly<Record<string, EndReasonName>> = {
  TOKEN_REFUSED: "token-expired",
  ACCESS_DENIED: "authorization-lost",
  LIMIT_REACHED: "server-limit-reached",
};

/** What a stream ends with that broke off in the middle. */
export function brokenOff(error: unknown): [EndReasonName, Failure] {
  if (error instanceof StreamStopped)
    return [error.reason === "recheck-failed" ? "source-failed" : error.reason, error.failure];
  if (error instanceof Failure) return [REASONS[error.reason] ?? "source-failed", error];
  if (error instanceof SizeLimit || error instanceof DecompressionLimit) {
    const next = "What was sent is the beginning of the log. An operator can raise the limit.";
    return ["server-limit-reached", new Failure("too-much", "LIMIT_REACHED", error.message, { next, cause: error })];
  }
  if (error instanceof LogReplaced) return ["source-failed", staleCursor(error)];
  if (error instanceof SourceError && error.outcome === "silent") {
    const message = "The log's store stopped sending in the middle of the log: it is incomplete.";
    return ["source-stalled", new Failure("silent", "SOURCE_STALLED", message, { next: "Try again.", cause: error })];
  }
  const message =
    error instanceof SourceError
      ? "The log's store broke off in the middle of the log: it is incomplete."
      : "The log as it is stored is cut off or damaged: it is incomplete.";
  return ["source-failed", new Failure("unavailable", "SOURCE_FAILED", message, { next: "Try again.", cause: error })];
}

/** What is thrown where a cursor leads nowhere: the log is not the one that it is of. */
export function staleCursor(error: LogReplaced): Failure {
  return new Failure("bad-request", "CURSOR_STALE", "The log was replaced, or cut, since this cursor was made.", {
    next: "Read from the beginning, without a cursor.",
    field: "cursor",
    cause: error,
  });
}

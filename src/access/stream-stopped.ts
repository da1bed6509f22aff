import { Failure } from "../failure.ts";

/**
 * Why this server stops a stream:
 *
 * - `server-shutdown`: the server stops.
 * - `authorization-lost`: the caller may no longer read what is streamed.
 * - `token-expired`: the caller's token has expired, or the cluster no longer knows it.
 * - `recheck-failed`: the cluster could not be asked whether the caller still may. What cannot be decided is denied.
 * - `reader-stalled`: the client reads nothing of what is sent.
 */
export type StopReason =
  | "server-shutdown"
  | "authorization-lost"
  | "token-expired"
  | "recheck-failed"
  | "reader-stalled";

/** Why a stream was stopped from outside: the abort reason of `GuardedStream.signal`. */
export class StreamStopped extends Error {
  readonly reason: StopReason;
  /** What the call fails with. */
  readonly failure: Failure;

  constructor(reason: StopReason, failure: Failure) {
    super(failure.message, { cause: failure });
    this.name = "StreamStopped";
    this.reason = reason;
    this.failure = failure;
  }
}

export function serverShutdown(): StreamStopped {
  const failure = new Failure("unavailable", "SERVER_SHUTDOWN", "This server is stopping.", {
    next: "Try again: another replica will answer.",
  });
  return new StreamStopped("server-shutdown", failure);
}

export function authorizationLost(): StreamStopped {
  const failure = new Failure("denied", "AUTHORIZATION_LOST", "You may no longer read this.", {
    next: "Ask the project's owner for the right to get analysisruns and stages.",
  });
  return new StreamStopped("authorization-lost", failure);
}

export function tokenExpired(cause?: Failure): StreamStopped {
  const failure = new Failure("unauthenticated", "TOKEN_EXPIRED", "Your token has expired or is no longer valid.", {
    next: "Sign in again, then resume where it stopped.",
    cause,
  });
  return new StreamStopped("token-expired", failure);
}

/** @param error what the cluster's answer, or the lack of one, was turned into. */
export function recheckFailed(error: unknown): StreamStopped {
  if (error instanceof StreamStopped) return error;
  if (!(error instanceof Failure)) {
    const failure = new Failure("internal", "INTERNAL", "Internal server error.", { cause: error });
    return new StreamStopped("recheck-failed", failure);
  }
  return error.kind === "unauthenticated" ? tokenExpired(error) : new StreamStopped("recheck-failed", error);
}

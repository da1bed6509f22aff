import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { Failure, type FailureKind } from "../failure.ts";
import { connectError, tellFailure } from "./errors.ts";

interface Telling {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly next: string;
}

const BROKEN_RULE: Telling = {
  kind: "bad-request",
  reason: "REQUEST_INVALID",
  next: "Correct the request: it breaks a rule of its protocol.",
};
const TELLINGS: Readonly<Partial<Record<Code, Telling>>> = {
  [Code.ResourceExhausted]: { kind: "too-much", reason: "LIMIT_REACHED", next: "Send less." },
  [Code.DeadlineExceeded]: { kind: "silent", reason: "DEADLINE_EXCEEDED", next: "Allow the call more time." },
  [Code.Canceled]: { kind: "bad-request", reason: "CANCELED", next: "Call again." },
};

/**
 * Gives what a call fails with a reason like all others, where it is not a {@link Failure} of ours: what breaks a protocol's rules, such as a message that cannot be
 * read, never comes to an interceptor. Code and message stay as they are.
 *
 * @param signal the one of the handler's context, which is aborted with the error just before that is written.
 */
export function giveReasons(signal: AbortSignal): void {
  const give = (): void => {
    const error: unknown = signal.reason;
    if (!(error instanceof ConnectError) || error.findDetails(ErrorInfoSchema).length > 0) return;
    const { kind, reason, next } = TELLINGS[error.code] ?? BROKEN_RULE;
    error.details.push(...connectError(tellFailure(new Failure(kind, reason, error.rawMessage, { next }))).details);
  };
  if (signal.aborted) give();
  else signal.addEventListener("abort", give, { once: true });
}

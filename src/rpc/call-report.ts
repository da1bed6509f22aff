import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { connectError, logFailure, reportFailure } from "./errors.ts";
import { addReason } from "./protocol-errors.ts";

/** The report on a call: one line of the log and one span, once it has ended in either way. */
export interface CallReport {
  /** Says that it ended without an error. */
  finish(): void;
  /** Says that it failed, and turns whatever was thrown into what its client is reported. */
  fail(error: unknown): ConnectError;
}

/**
 * Begins the report on a call.
 *
 * @param signal aborted when the client leaves or its time is over: with the error that the call then ends with.
 */
export function beginReport(log: Logger, clock: Clock, { parent, name }: DescMethod, signal: AbortSignal): CallReport {
  const began = clock.now();
  const method = `${parent.typeName}/${name}`;
  const span = trace.getTracer("taffrail").startSpan(method, {
    attributes: { "rpc.system": "connect_rpc", "rpc.service": parent.typeName, "rpc.method": name },
  });
  const end = (code: string): void => {
    span.setAttribute("rpc.connect_rpc.error_code", code);
    span.end();
    // Clients that leave are nothing to speak of, and may be a thousand at once.
    const level = code === Code[Code.Canceled] ? "debug" : "info";
    log[level]({ method, code, ms: clock.now() - began }, "call");
  };
  return {
    // Some handlers end of themselves when their client has left.
    finish: () => end(signal.aborted ? Code[Code.Canceled] : "ok"),
    fail(error) {
      const reported = addReason(typedError(log, error, signal));
      span.setStatus({ code: SpanStatusCode.ERROR });
      end(Code[reported.code]);
      return reported;
    },
  };
}

function typedError(log: Logger, error: unknown, signal: AbortSignal): ConnectError {
  if (signal.aborted && !(error instanceof Failure)) return ConnectError.from(signal.reason ?? error, Code.Canceled);
  if (error instanceof ConnectError) {
    if (error.code !== Code.InvalidArgument) return error;
    // A request that breaks the contract's rules: reported with its violations, and with a reason like all others.
    const next = "Correct the request; the violations are in the details.";
    const message = forPeople(error.rawMessage);
    const typed = connectError(reportFailure(new Failure("bad-request", "REQUEST_INVALID", message, { next })));
    typed.details.push(...error.details);
    return typed;
  }
  const reported = reportFailure(error);
  logFailure(log, reported);
  return connectError(reported);
}

/** Protovalidate appends the rule's id to its message. The contract's patterns are those of Kubernetes' names alone. */
function forPeople(violation: string): string {
  return violation
    .replace(/does not match regex pattern `[^`]*`/, "is not a valid Kubernetes name")
    .replace(/ \[[\w.]+\]/, "");
}

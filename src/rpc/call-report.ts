import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import type { Logger } from "pino";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { RefusalDelay } from "../access/refusal-delay.ts";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Refusals } from "../telemetry/refusals.ts";
import { connectError, countRefusal, logFailure, reportFailure } from "./errors.ts";
import { addReason } from "./protocol-errors.ts";

/** The report on a call: one log line and one span when it ends. */
export interface CallReport {
  /** The call ended without an error. */
  finish(): void;
  /** The call failed. Converts whatever was thrown to the error that the client receives, when it may receive it. */
  fail(error: unknown): Promise<ConnectError>;
}

/** What a report is written to. */
export interface ReportServices {
  readonly log: Logger;
  readonly clock: Clock;
  readonly refusals: Refusals;
  readonly delay: RefusalDelay;
}

/**
 * Starts the report on a call.
 *
 * @param signal aborted when the client disconnects or the deadline expires. Its reason is the error of the call.
 */
export function beginReport(services: ReportServices, { parent, name }: DescMethod, signal: AbortSignal): CallReport {
  const { log, clock, refusals, delay } = services;
  const began = clock.now();
  const method = `${parent.typeName}/${name}`;
  const span = trace.getTracer("taffrail").startSpan(method, {
    attributes: { "rpc.system": "connect_rpc", "rpc.service": parent.typeName, "rpc.method": name },
  });
  const end = (code: string, error?: ConnectError): void => {
    span.setAttribute("rpc.connect_rpc.error_code", code);
    span.end();
    // Clients that disconnect are normal, and may be a thousand at once.
    const level = code === Code[Code.Canceled] ? "debug" : "info";
    const { reason, metadata } = error?.findDetails(ErrorInfoSchema)[0] ?? {};
    const why = reason && { reason, reference: metadata?.reference };
    log[level]({ method, code, ...why, ms: clock.now() - began }, "call");
  };
  return {
    // Some handlers end without an error when their client has disconnected.
    finish: () => end(signal.aborted ? Code[Code.Canceled] : "ok"),
    async fail(error) {
      const reported = addReason(typedError(services, error, signal));
      countRefusal(reported, refusals);
      span.setStatus({ code: SpanStatusCode.ERROR });
      end(Code[reported.code], reported);
      await delay(error, signal);
      return reported;
    },
  };
}

function typedError({ log }: ReportServices, error: unknown, signal: AbortSignal): ConnectError {
  if (signal.aborted && !(error instanceof Failure)) return ConnectError.from(signal.reason ?? error, Code.Canceled);
  if (error instanceof ConnectError) {
    if (error.code !== Code.InvalidArgument) return error;
    // The request violates the contract: report the violations, and a reason as for every other error.
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

/** Protovalidate appends the rule's id to its message. All patterns in the contract are those of Kubernetes names. */
function forPeople(violation: string): string {
  return violation
    .replace(/does not match regex pattern `[^`]*`/, "is not a valid Kubernetes name")
    .replace(/ \[[\w.]+\]/, "");
}

import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import type { Logger } from "pino";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as Reflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { type CredentialsOptions, callerOfRequest } from "../session/credentials.ts";
import { setCaller } from "./caller-context.ts";
import { connectError, tellFailure } from "./errors.ts";
import { logFailure } from "./failure-log.ts";

type Call = Pick<HandlerContext, "service" | "method" | "signal">;

/** The services whose every method needs no token: they say nothing but that the server is there and what its API is. */
const PUBLIC_SERVICES: ReadonlySet<string> = new Set(
  [Health, Reflection, ReflectionAlpha].map((each) => each.typeName),
);

/**
 * Asks for a token on every method but those that are public by name, and notes its owner for the handler. It does so before anything of the request's body is read.
 */
export function authentication(
  services: Pick<CredentialsOptions, "authenticator" | "sessions">,
  log: Logger,
  clock: Clock,
) {
  return async (context: HandlerContext): Promise<void> => {
    const { service, method, requestHeader, responseHeader, values, signal } = context;
    if (PUBLIC_SERVICES.has(service.typeName) || method === AnalysisRunLogService.method.getServerInfo) return;
    const { fail } = report(log, clock, context);
    try {
      const request = { headers: requestHeader, host: new URL(context.url).host, ownPagesOnly: true };
      const setCookies = (cookies: readonly string[]): void => {
        for (const each of cookies) responseHeader.append("set-cookie", each);
      };
      setCaller(values, await callerOfRequest(request, { ...services, setCookies, signal }));
    } catch (error) {
      throw fail(error);
    }
  };
}

/** Turns whatever a handler throws into a typed error, logs it, and traces the call. The outermost one, so that it sees all. */
export function reporting(log: Logger, clock: Clock): Interceptor {
  return (next) => async (request) => {
    const { finish, fail } = report(log, clock, request);
    try {
      const response = await next(request);
      if (!response.stream) {
        finish("ok");
        return response;
      }
      // Some handlers end of themselves when their client has left.
      const onEnd = (): void => finish(request.signal.aborted ? Code[Code.Canceled] : "ok");
      return { ...response, message: watched(response.message, onEnd, fail) };
    } catch (error) {
      throw fail(error);
    }
  };
}

/** Begins the report on a call: one line of the log and one span, once it has ended in either way. */
function report(log: Logger, clock: Clock, { service, method: { name }, signal }: Call) {
  const began = clock.now();
  const method = `${service.typeName}/${name}`;
  const span = trace.getTracer("taffrail").startSpan(method, {
    attributes: { "rpc.system": "connect_rpc", "rpc.service": service.typeName, "rpc.method": name },
  });
  const finish = (code: string): void => {
    span.setAttribute("rpc.connect_rpc.error_code", code);
    span.end();
    // Clients that leave are nothing to speak of, and may be a thousand at once.
    const level = code === Code[Code.Canceled] ? "debug" : "info";
    log[level]({ method, code, ms: clock.now() - began }, "call");
  };
  const fail = (error: unknown): ConnectError => {
    const told = typedError(log, error, signal);
    span.setStatus({ code: SpanStatusCode.ERROR });
    finish(Code[told.code]);
    return told;
  };
  return { finish, fail };
}

async function* watched<T>(
  messages: AsyncIterable<T>,
  onEnd: () => void,
  fail: (error: unknown) => ConnectError,
): AsyncIterable<T> {
  let done = false;
  try {
    yield* messages;
    done = true;
    onEnd();
  } catch (error) {
    done = true;
    throw fail(error);
  } finally {
    // Neither ended nor failed: the client left.
    if (!done) fail(new ConnectError("the client left", Code.Canceled));
  }
}

function typedError(log: Logger, error: unknown, signal: AbortSignal): ConnectError {
  if (signal.aborted && !(error instanceof Failure)) return ConnectError.from(signal.reason ?? error, Code.Canceled);
  if (error instanceof ConnectError) {
    if (error.code !== Code.InvalidArgument) return error;
    // A request that breaks the contract's rules: told with its violations, and with a reason like all others.
    const next = "Correct the request; the violations are in the details.";
    const message = forPeople(error.rawMessage);
    const typed = connectError(tellFailure(new Failure("bad-request", "REQUEST_INVALID", message, { next })));
    typed.details.push(...error.details);
    return typed;
  }
  const told = tellFailure(error);
  logFailure(log, told);
  return connectError(told);
}

/** Protovalidate names the rule after its sentence; and the patterns of the contract are all those of names in Kubernetes. */
function forPeople(violation: string): string {
  return violation
    .replace(/does not match regex pattern `[^`]*`/, "is not a name in Kubernetes")
    .replace(/ \[[\w.]+\]/, "");
}

import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as Reflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { takeCall } from "../access/call-rate.ts";
import { Failure } from "../failure.ts";
import type { Rate } from "../rate.ts";
import { type CredentialsOptions, callerOfRequest } from "../session/credentials.ts";
import { beginReport, type ReportServices } from "./call-report.ts";
import { CLIENT_NETWORK, setCaller, USES_TLS } from "./caller-context.ts";

/** Services without authentication: they reveal only that the server is up, and its schema. */
const PUBLIC_SERVICES: ReadonlySet<string> = new Set(
  [Health, Reflection, ReflectionAlpha].map((each) => each.typeName),
);

/**
 * Authenticates the caller of every method that is not public before the request's body is read, and sets it for the
 * handler. Unary calls count against the caller's rate.
 */
export function authentication(
  services: Pick<CredentialsOptions, "authenticator" | "sessions"> & {
    readonly calls: Rate;
  },
  report: ReportServices,
) {
  return async (context: HandlerContext): Promise<void> => {
    const { service, method, requestHeader, responseHeader, values, signal } = context;
    if (PUBLIC_SERVICES.has(service.typeName) || method === AnalysisRunLogService.method.getServerInfo) return;
    const { fail } = beginReport(report, method, signal);
    try {
      const request = {
        headers: requestHeader,
        usesTls: values.get(USES_TLS),
        host: new URL(context.url).host,
        network: values.get(CLIENT_NETWORK),
        ownPagesOnly: true,
      };
      const setCookies = (cookies: readonly string[]): void => {
        for (const each of cookies) responseHeader.append("set-cookie", each);
      };
      const caller = await callerOfRequest(request, { ...services, setCookies, signal });
      if (method.methodKind === "unary") takeCall(services.calls, caller, WEIGHTS.get(method));
      setCaller(values, caller);
    } catch (error) {
      if (error instanceof Failure && error.retrySeconds !== undefined)
        responseHeader.set("retry-after", String(error.retrySeconds));
      throw await fail(error);
    }
  };
}

/** What a call counts for in its caller's rate, if not 1: the reads that it makes of the cluster, roughly. */
const WEIGHTS: ReadonlyMap<DescMethod, number> = new Map<DescMethod, number>([
  [AnalysisRunLogService.method.listAnalysisRuns, 5],
  [AnalysisRunLogService.method.getStatus, 5],
  [AnalysisRunLogService.method.listProjects, 10],
]);

/** Converts whatever a handler throws to a typed error; logs and traces the call. Must be the outermost interceptor. */
export function reporting(report: ReportServices): Interceptor {
  return (next) => async (request) => {
    const { finish, fail } = beginReport(report, request.method, request.signal);
    try {
      const response = await next(request);
      if (!response.stream) {
        finish();
        return response;
      }
      return { ...response, message: watched(response.message, finish, fail) };
    } catch (error) {
      throw await fail(error);
    }
  };
}

async function* watched<T>(
  messages: AsyncIterable<T>,
  onEnd: () => void,
  fail: (error: unknown) => Promise<ConnectError>,
): AsyncIterable<T> {
  let done = false;
  try {
    yield* messages;
    done = true;
    onEnd();
  } catch (error) {
    done = true;
    throw await fail(error);
  } finally {
    // Neither ended nor failed: the client disconnected.
    if (!done) void fail(new ConnectError("The client disconnected.", Code.Canceled));
  }
}

import { Code, ConnectError, createConnectRouter, createContextValues } from "@connectrpc/connect";
import { createMethodUrl, type UniversalHandler } from "@connectrpc/connect/protocol";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { Logger } from "pino";
import { KargoService } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure } from "../failure.ts";
import type { LogFrame } from "../logs/frame.ts";
import { beginReport } from "../rpc/call-report.ts";
import { CLIENT_NETWORK, USES_TLS } from "../rpc/caller-context.ts";
import { connectError, reportFailure } from "../rpc/errors.ts";
import { getAnalysisRun } from "../rpc/get-analysis-run.ts";
import { openKargoLog, openLog } from "../rpc/get-analysis-run-logs.ts";
import { getCaller } from "../rpc/get-caller.ts";
import { getServerInfo } from "../rpc/get-server-info.ts";
import { getStatus } from "../rpc/get-status.ts";
import { authentication, reporting } from "../rpc/interceptors.ts";
import { listAnalysisRuns } from "../rpc/list-analysis-runs.ts";
import { listProjects } from "../rpc/list-projects.ts";
import { KARGO_ENCODING, LOG_ENCODING } from "../rpc/log-encoding.ts";
import { addReasonBeforeWriting } from "../rpc/protocol-errors.ts";
import type { Services } from "../rpc/services.ts";
import { watchAnalysisRuns } from "../rpc/watch-analysis-runs.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import { clientNetwork } from "./client-network.ts";
import { serveHealth } from "./health.ts";
import { breakOff, hostOf, type NodeRequest, type NodeResponse, STREAM_HEADERS, sendText } from "./node-http.ts";
import { PublicStreams } from "./public-streams.ts";
import { requestUsesTls } from "./public-url.ts";
import { serveReflection } from "./reflection.ts";
import { readBody } from "./request-body.ts";
import { validatorOf } from "./wire/request-message.ts";
import { createServerStream, type StreamCall } from "./wire/server-stream.ts";

/** Handles a request if its path is that of an RPC. Returns whether it is. */
export type RpcRoutes = (request: NodeRequest, response: NodeResponse, path: string) => boolean;

/** Requests contain names and a cursor. */
const REQUEST_BYTES = 64 * 1024;
const kargoLogs = KargoService.method.getAnalysisRunLogs;

/**
 * Mounts every RPC on every protocol (gRPC, gRPC-Web, Connect) and codec.
 *
 * @param requestMs timeout for a whole request, in milliseconds.
 */
export function createRpcRoutes(services: Services, log: Logger, stopping: AbortSignal, requestMs: number): RpcRoutes {
  const { getAnalysisRunLogs, ...others } = AnalysisRunLogService.method;
  const reports = { log, clock: services.clock, refusals: services.counters.refusals, delay: services.refusalDelay };
  const authenticate = authentication(services, reports);
  const validation = createValidateInterceptor();
  const router = createConnectRouter({
    // Called first, before the body is read.
    requestGate: (context) => {
      addReasonBeforeWriting(context.signal, reports.refusals);
      return authenticate(context);
    },
    interceptors: [reporting(reports), validation],
    // Compressed requests are accepted, but responses are not compressed: that costs more CPU than it saves.
    acceptCompression: [compressionGzip],
    compressMinBytes: 0xffffffff,
    readMaxBytes: REQUEST_BYTES,
  });
  router.rpc(others.getAnalysisRun, (request, context) => getAnalysisRun(services, request, context));
  router.rpc(others.listAnalysisRuns, (request, context) => listAnalysisRuns(services, request, context));
  router.rpc(others.watchAnalysisRuns, (request, context) => watchAnalysisRuns(services, request, context));
  router.rpc(others.listProjects, (request, context) => listProjects(services, request, context));
  router.rpc(others.getCaller, (_request, context) => getCaller(context));
  router.rpc(others.getStatus, (request, context) => getStatus(services, request, context));
  router.rpc(others.getServerInfo, () => getServerInfo(services));
  const { limits } = services.config;
  const publicStreams = new PublicStreams({
    total: limits.publicStreams,
    perAddress: limits.publicStreamsPerAddress,
    requestsPerAddress: limits.publicRequestsPerAddress,
    clock: services.clock,
  });
  const names = [AnalysisRunLogService.typeName, KargoService.typeName];
  serveHealth(router, { names, stopping, publicStreams, sleep: services.sleep });
  if (services.config.reflection) {
    const listed = [AnalysisRunLogService, KargoService, Health];
    serveReflection(router, listed, [file_google_rpc_error_details], publicStreams);
  }
  const serveByConnect = byConnect(requestMs, services.config);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, serveByConnect(handler)]));

  const logs = {
    maxRequestBytes: REQUEST_BYTES,
    requestMs,
    admit: ({ request, response, signal }: StreamCall) =>
      authenticateRequest(services, request, response, signal, true),
    failureOf: (frame: LogFrame) => (frame.kind === "end" ? frame.failure : undefined),
  };
  handlers.set(
    createMethodUrl("/", getAnalysisRunLogs),
    createServerStream({
      ...logs,
      method: getAnalysisRunLogs,
      report: (signal) => beginReport(reports, getAnalysisRunLogs, signal),
      validate: validatorOf(validation, getAnalysisRunLogs),
      open: (request, { signal }, caller) => openLog(services, request, caller, signal),
      encode: LOG_ENCODING,
    }),
  );
  handlers.set(
    createMethodUrl("/", kargoLogs),
    createServerStream({
      ...logs,
      method: kargoLogs,
      report: (signal) => beginReport(reports, kargoLogs, signal),
      validate: validatorOf(validation, kargoLogs),
      open: (request, { signal }, caller) => openKargoLog(services, request, caller, signal),
      encode: KARGO_ENCODING,
    }),
  );

  return (request, response, path) => {
    const serve = handlers.get(path);
    if (serve === undefined) return false;
    if (!hasHost(request)) {
      refuse(response, 400, NO_HOST);
      return true;
    }
    void (async () => {
      try {
        // A status means that no protocol matches, and nothing was sent.
        const status = await serve(request, response);
        if (status !== undefined) refuse(response, status, REFUSALS[status]);
      } catch (error) {
        // Disconnected clients are normal; anything else was logged where it was thrown.
        const { code } = ConnectError.from(error);
        if (code !== Code.Aborted && code !== Code.Canceled)
          log.debug({ err: error, path }, "failed to write the response");
        breakOff(response);
      }
    })();
    return true;
  };
}

const NO_HOST = "A valid Host header is required.";
const REFUSALS = {
  405: "RPCs require POST.",
  415:
    "Unsupported content type: use one of gRPC, gRPC-Web or Connect, such as application/json for a unary call " +
    "or application/connect+json for a stream.",
  505: "This RPC requires HTTP/2.",
} as const;

/** Handles one request. @returns the status to refuse it with if no protocol matches. */
type Serve = (request: NodeRequest, response: NodeResponse) => Promise<keyof typeof REFUSALS | undefined>;

function byConnect(requestMs: number, config: Services["config"]): (handler: UniversalHandler) => Serve {
  return (handler) => {
    const { methodKind } = handler.method;
    // A stream of requests may stay open, so its timeout is per piece.
    const isStream = /client_streaming|bidi/.test(methodKind);
    const headers = methodKind === "unary" ? [] : Object.entries(STREAM_HEADERS);
    return async (request, response) => {
      const values = createContextValues()
        .set(CLIENT_NETWORK, clientNetwork(request))
        .set(USES_TLS, requestUsesTls(request, config));
      const call = universalRequestFromNodeRequest(request, response, undefined, values);
      const answer = await handler({ ...call, body: readBody(request, requestMs, isStream) });
      const { status } = answer;
      if (answer.body === undefined && (status === 405 || status === 415 || status === 505)) return status;
      for (const [name, value] of headers) response.setHeader(name, value);
      await universalResponseToNodeResponse(answer, response);
      return undefined;
    };
  };
}

function hasHost(request: NodeRequest): boolean {
  const host = hostOf(request);
  return host !== undefined && URL.canParse(`http://${host}`);
}

/** Refuses a request of unknown protocol with Connect's unary error format, which is readable. */
function refuse(response: NodeResponse, status: number, message: string): void {
  const error = connectError(reportFailure(new Failure("bad-request", "REQUEST_INVALID", message)));
  sendText(response, status, JSON.stringify(errorToJson(error, undefined)), {
    "content-type": "application/json",
    ...(status === 405 && { allow: "POST" }),
    ...(status === 505 && { connection: "close" }),
  });
}

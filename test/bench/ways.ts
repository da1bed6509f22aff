import { create, toBinary } from "@bufbuild/protobuf";
import { AnalysisRunLogService, GetAnalysisRunLogsRequestSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A way to get one of the bench's logs. */
export interface Way {
  readonly name: string;
  readonly server: "pipe" | "taffrail";
  readonly version: "h1" | "h2c";
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  path(log: "large" | "small"): string;
  /** The request's body: an enveloped message, or nothing. */
  body(log: "large" | "small"): Uint8Array | undefined;
}

const TOKEN = "bench-reader";
const JOB = "6f1d7f0e-58c4-4bb4-a2de-6f1d7f0e58c4";

/** The path of a log in the store, by `cluster.yaml` and the gateway's configuration. */
export function logPath(log: "large" | "small"): string {
  return `/bench/${JOB}.${log}.1/main.log`;
}

const pipe: Way = {
  name: "plain Node pipe, HTTP/1.1",
  server: "pipe",
  version: "h1",
  method: "GET",
  headers: {},
  path: logPath,
  body: () => undefined,
};

const raw: Way = {
  name: "Taffrail, raw route, HTTP/1.1",
  server: "taffrail",
  version: "h1",
  method: "GET",
  headers: { authorization: `Bearer ${TOKEN}` },
  path: (log) => `/raw/bench/run?metric=${log}`,
  body: () => undefined,
};

function rpc(name: string, version: Way["version"], contentType: string): Way {
  return {
    name,
    server: "taffrail",
    version,
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": contentType, te: "trailers" },
    path: () => `/${AnalysisRunLogService.typeName}/GetAnalysisRunLogs`,
    body: requestFor,
  };
}

const connect = rpc("Taffrail, Connect, HTTP/1.1", "h1", "application/connect+proto");

/** The ways whose throughput is measured. The first one is the baseline. */
export const throughputWays: readonly [Way, ...Way[]] = [
  pipe,
  raw,
  connect,
  rpc("Taffrail, gRPC, h2c", "h2c", "application/grpc+proto"),
  rpc("Taffrail, gRPC-Web, HTTP/1.1", "h1", "application/grpc-web+proto"),
];

/** The ways whose time to the first byte is measured. */
export const latencyWays: readonly [Way, ...Way[]] = [pipe, raw, connect];

/** Wraps a message in the envelope of Connect and gRPC: a zero byte, its length in four bytes, the message. */
export function envelope(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function requestFor(log: "large" | "small"): Uint8Array {
  const request = create(GetAnalysisRunLogsRequestSchema, { namespace: "bench", name: "run", metricName: log });
  return envelope(toBinary(GetAnalysisRunLogsRequestSchema, request));
}

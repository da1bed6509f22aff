import { once } from "node:events";
import { request as requestH1 } from "node:http";
import { connect as connectH2 } from "node:http2";
import { buffer } from "node:stream/consumers";
import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { TOKENS } from "./objects.ts";

/** A protocol on the wire. */
export interface WireProtocol {
  readonly name: string;
  readonly http: 1 | 2;
  readonly type: string;
  /** The method that is called. */
  readonly method: string;
  readonly json: boolean;
  /** Whether messages have an envelope of five bytes. */
  readonly enveloped: boolean;
  /** The header that names the compression of messages. */
  readonly encoding: string;
}

const logs = { method: "GetAnalysisRunLogs", enveloped: true };
const unary = { method: "GetAnalysisRun", enveloped: false, encoding: "content-encoding" };
const grpc = { json: false, encoding: "grpc-encoding" };
const connect = { encoding: "connect-content-encoding" };

/** Every protocol, for streams and unary calls, over each version of HTTP that it supports. */
export const WIRE_PROTOCOLS: readonly WireProtocol[] = [
  { ...logs, ...grpc, name: "gRPC over h2c", http: 2, type: "application/grpc+proto" },
  { ...logs, ...grpc, method: "GetAnalysisRun", name: "unary gRPC over h2c", http: 2, type: "application/grpc+proto" },
  { ...logs, ...grpc, name: "gRPC-Web over HTTP/1.1", http: 1, type: "application/grpc-web+proto" },
  { ...logs, ...grpc, name: "gRPC-Web over h2c", http: 2, type: "application/grpc-web+proto" },
  { ...logs, ...connect, json: false, name: "Connect over HTTP/1.1", http: 1, type: "application/connect+proto" },
  { ...logs, ...connect, json: false, name: "Connect over h2c", http: 2, type: "application/connect+proto" },
  { ...logs, ...connect, json: true, name: "Connect JSON over HTTP/1.1", http: 1, type: "application/connect+json" },
  { ...unary, json: false, name: "unary Connect over HTTP/1.1", http: 1, type: "application/proto" },
  { ...unary, json: false, name: "unary Connect over h2c", http: 2, type: "application/proto" },
  { ...unary, json: true, name: "unary Connect JSON over HTTP/1.1", http: 1, type: "application/json" },
];

/** The outcome of a call. */
export interface Outcome {
  /** `ok`, or the code's name. */
  readonly code: string;
  /** The google.rpc.ErrorInfo of the error, as `DOMAIN/REASON`. */
  readonly reason: string | undefined;
  /** Everything received, as text. */
  readonly whole: string;
}

/** Wraps a message in an envelope. @param length the length that it declares. Default: the actual length. */
export function envelope(flags: number, message: Uint8Array, length: number = message.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** A request for a run, in the protocol's encoding. */
export function message({ json }: WireProtocol, ref: { readonly namespace: string; readonly name: string }): Buffer {
  if (json) return Buffer.from(JSON.stringify(ref));
  const field = (number: number, text: string) => [Buffer.from([number * 8 + 2, text.length]), Buffer.from(text)];
  return Buffer.concat([...field(1, ref.namespace), ...field(2, ref.name)]);
}

/** A call whose bytes are sent by the test. */
export interface RawCall {
  write(bytes: Uint8Array): void;
  end(bytes?: Uint8Array): void;
  /** Resets the connection. */
  destroy(): void;
  readonly outcome: Promise<Outcome>;
}

/** Begins a call over a connection of its own. */
export function beginCall(
  port: number,
  protocol: WireProtocol,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKENS.reader}` },
): RawCall {
  const path = `/taffrail.v1.AnalysisRunLogService/${protocol.method}`;
  const all = { "content-type": protocol.type, te: "trailers", ...headers };
  if (protocol.http === 1) {
    const request = requestH1({ host: "127.0.0.1", port, path, method: "POST", headers: all, agent: false });
    request.on("error", () => {});
    const outcome = once(request, "response").then(async ([response]) =>
      outcomeOf(response.statusCode, response.headers, await buffer(response), response.trailers),
    );
    outcome.catch(() => {});
    return { outcome, write: (b) => request.write(b), end: (b) => request.end(b), destroy: () => request.destroy() };
  }
  const session = connectH2(`http://127.0.0.1:${port}`).on("error", () => {});
  const stream = session.request({ ":path": path, ":method": "POST", ...all });
  stream.on("error", () => {});
  const trailers = new Promise<object>((resolve) => {
    stream.once("trailers", resolve).once("close", () => resolve({}));
  });
  const outcome = once(stream, "response")
    .then(async ([answer]) => outcomeOf(answer[":status"], answer, await buffer(stream), await trailers))
    .finally(() => session.destroy());
  outcome.catch(() => {});
  return {
    outcome,
    write: (b) => stream.write(b),
    end: (b) => stream.end(b),
    destroy: () => session.destroy(),
  };
}

function outcomeOf(status: number, headers: object, body: Buffer, trailers: object): Outcome {
  const whole = [JSON.stringify(headers), body.toString("latin1"), JSON.stringify(trailers)].join("\n");
  const text = decodeURIComponent(whole.replaceAll(/%(?![0-9A-F]{2})/g, "%25"));
  const reason = reasonIn(whole);
  const grpcStatus = /grpc-status(?:":"|: )(\d+)/.exec(whole)?.[1];
  if (grpcStatus !== undefined)
    return { code: grpcStatus === "0" ? "ok" : (Code[Number(grpcStatus)] ?? ""), reason, whole: text };
  const name = /"code":"(\w+)"/.exec(whole)?.[1];
  if (name !== undefined) return { code: Code[codeFromString(name) ?? 0] ?? "", reason, whole: text };
  return { code: status === 200 ? "ok" : `HTTP ${status}`, reason, whole: text };
}

function reasonIn(whole: string): string | undefined {
  const status = /grpc-status-details-bin(?:":"|: )([\w+/=]+)/.exec(whole)?.[1];
  const value = /"type":"google.rpc.ErrorInfo".*?"value":"([\w+/=]+)"/.exec(whole)?.[1];
  const info =
    status === undefined
      ? value && fromBinary(ErrorInfoSchema, Buffer.from(value, "base64"))
      : findTrailerError(new Headers({ "grpc-status-details-bin": status }))?.findDetails(ErrorInfoSchema)[0];
  return info ? `${info.domain}/${info.reason}` : undefined;
}

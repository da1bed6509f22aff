import type { ConnectError } from "@connectrpc/connect";
import * as connect from "@connectrpc/connect/protocol-connect";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";

/** The flags and the length of a message, in all three protocols. */
export const ENVELOPE_BYTES = 5;

/** How one of the three RPC protocols frames a server stream. All of its rules are Connect's own exported functions. */
export interface Protocol {
  /** Of responses, by codec. */
  readonly contentType: { readonly binary: string; readonly json: string };
  /** Names of request headers, in lower case as Node has them. */
  readonly headers: { readonly encoding: string; readonly acceptEncoding: string; readonly timeout: string };
  /** Reads the timeout header: milliseconds, or the error that the call fails with. */
  readonly parseTimeout: (
    value: string | null,
    maxMs: number,
  ) => { timeoutMs?: number; error?: ConnectError | undefined };
  /** The flag of the envelope that ends a stream. `undefined`: HTTP trailers end it. */
  readonly endFlag: number | undefined;
  /** How a stream ends: the body of its last envelope, or its HTTP trailers. `trailers` may be changed. */
  readonly end: (trailers: Headers, error: ConnectError | undefined) => StreamEnd;
  /** How it ends without an error and without trailers of its own. */
  readonly ok: StreamEnd;
}

/** The body of an envelope, or HTTP trailers. */
export type StreamEnd = Uint8Array | Headers;

/** What a content type says about a request. */
export interface WireFormat {
  readonly protocol: Protocol;
  readonly codec: "binary" | "json";
}

const endOfStream = connect.createEndStreamSerialization(undefined);

const CONNECT: Protocol = withOk({
  contentType: { binary: connect.contentTypeStreamProto, json: connect.contentTypeStreamJson },
  headers: {
    encoding: connect.headerStreamEncoding.toLowerCase(),
    acceptEncoding: connect.headerStreamAcceptEncoding.toLowerCase(),
    timeout: connect.headerTimeout.toLowerCase(),
  },
  parseTimeout: connect.parseTimeout,
  endFlag: connect.endStreamFlag,
  end: (metadata, error) => endOfStream.serialize(error === undefined ? { metadata } : { metadata, error }),
});

const GRPC: Protocol = withOk({
  contentType: { binary: grpc.contentTypeProto, json: grpc.contentTypeJson },
  headers: {
    encoding: grpc.headerEncoding.toLowerCase(),
    acceptEncoding: grpc.headerAcceptEncoding.toLowerCase(),
    timeout: grpc.headerTimeout.toLowerCase(),
  },
  parseTimeout: grpc.parseTimeout,
  endFlag: undefined,
  end: grpc.setTrailerStatus,
});

const GRPC_WEB: Protocol = withOk({
  ...GRPC,
  contentType: { binary: grpcWeb.contentTypeProto, json: grpcWeb.contentTypeJson },
  endFlag: grpcWeb.trailerFlag,
  end: (trailers, error) => grpcWeb.trailerSerialize(grpcWeb.setTrailerStatus(trailers, error)),
});

/** The protocol and codec of a stream's content type; `undefined` if no protocol has it. */
export function wireFormatOf(contentType: string | undefined): WireFormat | undefined {
  if (contentType === undefined) return undefined;
  const stream = connect.parseContentType(contentType);
  // Without the flag it is the content type of a unary call.
  if (stream !== undefined) return stream.stream ? format(CONNECT, stream) : undefined;
  const trailers = grpc.parseContentType(contentType);
  if (trailers !== undefined) return format(GRPC, trailers);
  const web = grpcWeb.parseContentType(contentType);
  // Like connect-node, this does not support base64 (application/grpc-web-text).
  return web === undefined || web.text ? undefined : format(GRPC_WEB, web);
}

function format(protocol: Protocol, { binary }: { readonly binary: boolean }): WireFormat {
  return { protocol, codec: binary ? "binary" : "json" };
}

function withOk(protocol: Omit<Protocol, "ok">): Protocol {
  return { ...protocol, ok: protocol.end(new Headers(), undefined) };
}

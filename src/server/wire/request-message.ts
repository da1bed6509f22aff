import type { DescMessage, DescMethodServerStreaming, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import {
  type Compression,
  compressionNegotiate,
  createAsyncIterable,
  pipe,
  type Serialization,
  transformDecompressEnvelope,
  transformParseEnvelope,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import type { NodeRequest } from "../node-http.ts";
import { readWholeBody } from "../request-body.ts";
import { ENVELOPE_BYTES, type Protocol } from "./protocol.ts";

export interface RequestMessageOptions<T> {
  readonly protocol: Protocol;
  readonly serialization: Serialization<T>;
  /** The maximum size of the decompressed message. */
  readonly maxBytes: number;
  /** Timeout for the whole request, in milliseconds. */
  readonly ms: number;
}

/**
 * Reads the one message of a request for a server stream. It may be compressed with gzip.
 *
 * @throws ConnectError with the same messages as Connect's handlers; what {@link readWholeBody} throws.
 */
export async function readRequestMessage<T>(request: NodeRequest, options: RequestMessageOptions<T>): Promise<T> {
  const { protocol, serialization, maxBytes, ms } = options;
  const { request: compression, error } = compressionNegotiate(
    [compressionGzip],
    headerOf(request.headers[protocol.headers.encoding]),
    headerOf(request.headers[protocol.headers.acceptEncoding]),
    protocol.headers.acceptEncoding,
  );
  if (error !== undefined) throw error;
  const isEnough = (first: Buffer, bytes: number): boolean =>
    bytes > ENVELOPE_BYTES + maxBytes || (first.length >= ENVELOPE_BYTES && lengthIn(first) > maxBytes);
  const body = await readWholeBody(request, ms, isEnough);
  // Nearly every request is one uncompressed message. Connect handles all others, and reports errors.
  const isPlain = body.length > ENVELOPE_BYTES && body[0] === 0 && lengthIn(body) === body.length - ENVELOPE_BYTES;
  return isPlain ? serialization.parse(body.subarray(ENVELOPE_BYTES)) : readByConnect(body, compression, options);
}

async function readByConnect<T>(
  body: Uint8Array,
  compression: Compression | null,
  { protocol: { endFlag }, serialization, maxBytes }: RequestMessageOptions<T>,
): Promise<T> {
  const messages = pipe(
    createAsyncIterable([body]),
    transformSplitEnvelope(maxBytes),
    transformDecompressEnvelope(compression, maxBytes),
    endFlag === undefined ? transformParseEnvelope(serialization) : transformParseEnvelope(serialization, endFlag),
  );
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw protocolError("missing input message for server-streaming method");
  const second = await iterator.next();
  if (second.done === true) return first.value;
  await iterator.return?.();
  throw protocolError("received extra input message for server-streaming method");
}

/** The length field of an envelope. */
function lengthIn({ buffer, byteOffset }: Uint8Array): number {
  return new DataView(buffer, byteOffset).getUint32(1);
}

/** A header's value, as `Headers` returns it. */
export function headerOf(value: string | string[] | undefined): string | null {
  return value === undefined ? null : String(value);
}

function protocolError(message: string): ConnectError {
  return new ConnectError(`protocol error: ${message}`, Code.Unimplemented);
}

/**
 * Validates requests outside of Connect's handlers with its validation interceptor: the package exports nothing else.
 *
 * @returns a function that throws the interceptor's ConnectError if a message violates a rule.
 */
export function validatorOf<I extends DescMessage>(
  validation: Interceptor,
  method: DescMethodServerStreaming<I>,
): (message: MessageShape<I>) => Promise<void> {
  const validate = validation(async (request) => ({ ...request, header: NONE, trailer: NONE }));
  return async (message) => {
    await validate({ stream: false, method, message } as unknown as UnaryRequest);
  };
}

const NONE = new Headers();

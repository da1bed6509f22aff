import { Code, ConnectError } from "@connectrpc/connect";
import {
  compressionNegotiate,
  pipe,
  type Serialization,
  transformDecompressEnvelope,
  transformParseEnvelope,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import type { NodeRequest } from "../node-http.ts";
import type { Protocol } from "./protocol.ts";

export interface RequestMessageOptions<T> {
  readonly protocol: Protocol;
  readonly serialization: Serialization<T>;
  /** The most bytes that a message may have, unpacked. */
  readonly maxBytes: number;
}

/**
 * Reads the one message of a request for a server stream. It may be compressed with gzip.
 *
 * @param body the request's.
 * @throws ConnectError with Connect's own words, as its handlers do; what `body` throws.
 */
export async function readRequestMessage<T>(
  { headers }: NodeRequest,
  body: AsyncIterable<Uint8Array>,
  { protocol, serialization, maxBytes }: RequestMessageOptions<T>,
): Promise<T> {
  const { endFlag } = protocol;
  const { request: compression, error } = compressionNegotiate(
    [compressionGzip],
    headerOf(headers[protocol.headers.encoding]),
    headerOf(headers[protocol.headers.acceptEncoding]),
    protocol.headers.acceptEncoding,
  );
  if (error !== undefined) throw error;
  const messages = pipe(
    body,
    transformSplitEnvelope(maxBytes),
    transformDecompressEnvelope(compression, maxBytes),
    endFlag === undefined ? transformParseEnvelope(serialization) : transformParseEnvelope(serialization, endFlag),
  );
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw protocolError("missing input message for server-streaming method");
  const second = await iterator.next();
  if (second.done !== true) {
    await iterator.return?.();
    throw protocolError("received extra input message for server-streaming method");
  }
  return first.value;
}

/** A header as `Headers` has it. */
export function headerOf(value: string | string[] | undefined): string | null {
  return value === undefined ? null : String(value);
}

function protocolError(message: string): ConnectError {
  return new ConnectError(`protocol error: ${message}`, Code.Unimplemented);
}

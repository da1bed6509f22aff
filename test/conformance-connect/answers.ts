import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import {
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  ConformancePayloadSchema,
  type Error as ErrorDefinition,
  type Header,
  HeaderSchema,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** What the service reports about a call in its first message. */
export function requestInfo(
  headers: Iterable<readonly [string, string]>,
  timeoutMs: number | undefined,
  requests: readonly Any[],
): ConformancePayload_RequestInfo {
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: [...headers].map(([name, value]) => create(HeaderSchema, { name, value: [value] })),
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    requests: [...requests],
  });
}

/** A request as the service reports it. */
export function packed<D extends DescMessage>(schema: D, message: MessageShape<D>): Any {
  return anyPack(schema, message);
}

/** The payload of a message. @param info set in the first message of a stream. */
export function payload(data: Uint8Array | undefined, info: ConformancePayload_RequestInfo | undefined) {
  return create(ConformancePayloadSchema, { ...(data && { data }), ...(info && { requestInfo: info }) });
}

/** The error that a definition asks for. @param info set if no message precedes the error. */
export function errorOf(
  { code, message, details }: ErrorDefinition,
  info: ConformancePayload_RequestInfo | undefined,
): ConnectError {
  // The suite uses Connect's codes.
  const error = new ConnectError(message ?? "", code as number);
  for (const { typeUrl, value } of details) error.details.push({ type: typeUrl.replace(/^.*\//, ""), value });
  if (info !== undefined) error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  return error;
}

/** Adds the headers that a definition asks for. */
export function addHeaders(to: { append(name: string, value: string): void }, headers: readonly Header[]): void {
  for (const { name, value } of headers) for (const each of value) to.append(name, each);
}

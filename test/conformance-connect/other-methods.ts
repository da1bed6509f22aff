import { create, type Message } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { sleep } from "../../src/sleep.ts";
import { addHeaders, errorOf, packed, payload, requestInfo } from "./answers.ts";
import {
  BidiStreamRequestSchema,
  BidiStreamResponseSchema,
  ClientStreamRequestSchema,
  ConformancePayload_ConnectGetInfoSchema,
  type ConformancePayload_RequestInfo,
  type ConformanceService,
  HeaderSchema,
  IdempotentUnaryRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** The suite's other methods, served by connect-node like Taffrail's. */
export const OTHER_METHODS: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: async (request, context) => single(request.responseDefinition, [packed(UnaryRequestSchema, request)], context),
  idempotentUnary: async (request, context) =>
    single(request.responseDefinition, [packed(IdempotentUnaryRequestSchema, request)], context),
  async clientStream(requests, context) {
    let definition: UnaryResponseDefinition | undefined;
    const seen: Any[] = [];
    for await (const request of requests) {
      if (seen.length === 0) definition = request.responseDefinition;
      seen.push(packed(ClientStreamRequestSchema, request));
    }
    return single(definition, seen, context);
  },
  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let fullDuplex = false;
    let sent = 0;
    let seen: Any[] = [];
    let isFirst = true;
    for await (const request of requests) {
      seen.push(packed(BidiStreamRequestSchema, request));
      if (isFirst) {
        definition = request.responseDefinition;
        fullDuplex = request.fullDuplex;
        addHeaders(context.responseHeader, definition?.responseHeaders ?? []);
        addHeaders(context.responseTrailer, definition?.responseTrailers ?? []);
      }
      isFirst = false;
      if (!fullDuplex) continue;
      const data = definition?.responseData[sent];
      if (data === undefined) break;
      await sleep(definition?.responseDelayMs ?? 0, context.signal);
      const info = sent === 0 ? infoOf(seen, context) : requestInfo([], undefined, seen);
      yield create(BidiStreamResponseSchema, { payload: payload(data, info) });
      sent += 1;
      seen = [];
    }
    for (const data of definition?.responseData.slice(sent) ?? []) {
      await sleep(definition?.responseDelayMs ?? 0, context.signal);
      const info = sent === 0 ? infoOf(seen, context) : undefined;
      yield create(BidiStreamResponseSchema, { payload: payload(data, info) });
      sent += 1;
    }
    if (definition?.error !== undefined)
      throw errorOf(definition.error, sent === 0 ? infoOf(seen, context) : undefined);
  },
};

async function single(
  definition: UnaryResponseDefinition | undefined,
  requests: readonly Any[],
  context: HandlerContext,
): Promise<{ payload: Message & ReturnType<typeof payload> }> {
  addHeaders(context.responseHeader, definition?.responseHeaders ?? []);
  addHeaders(context.responseTrailer, definition?.responseTrailers ?? []);
  await sleep(definition?.responseDelayMs ?? 0, context.signal);
  const info = infoOf(requests, context);
  if (definition?.response.case === "error") throw errorOf(definition.response.value, info);
  return { payload: payload(definition?.response.value, info) };
}

function infoOf(requests: readonly Any[], context: HandlerContext): ConformancePayload_RequestInfo {
  const { requestHeader, requestMethod, url } = context;
  const info = requestInfo(requestHeader, context.timeoutMs(), requests);
  if (requestMethod !== "GET") return info;
  const queryParams = [...new URL(url).searchParams].map(([name, value]) =>
    create(HeaderSchema, { name, value: [value] }),
  );
  info.connectGetInfo = create(ConformancePayload_ConnectGetInfoSchema, { queryParams });
  return info;
}

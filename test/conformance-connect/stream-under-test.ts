import { create, type Registry, toBinary, toJsonString } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createServerStream, type ServeStream, type StreamCall } from "../../src/server/wire/server-stream.ts";
import { sleep } from "../../src/sleep.ts";
import { addHeaders, errorOf, packed, payload, requestInfo } from "./answers.ts";
import {
  ConformanceService,
  type ServerStreamRequest,
  ServerStreamRequestSchema,
  type ServerStreamResponse,
  ServerStreamResponseSchema,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** The suite's server-stream method, served by the writer of Taffrail's logs. */
export function createStreamUnderTest(registry: Registry, maxRequestBytes: number): ServeStream {
  return createServerStream<typeof ServerStreamRequestSchema, undefined, ServerStreamResponse>({
    method: ConformanceService.method.serverStream,
    maxRequestBytes,
    requestMs: 30_000,
    jsonOptions: { registry },
    report: () => ({ finish: () => undefined, fail: (error) => Promise.resolve(ConnectError.from(error)) }),
    admit: () => Promise.resolve(undefined),
    validate: () => Promise.resolve(),
    open(request, call) {
      const messages = answer(request, call);
      return {
        next: async () => (await messages.next()).value ?? undefined,
        close: () => void messages.return(undefined),
      };
    },
    encode: {
      binary: (message) => [toBinary(ServerStreamResponseSchema, message)],
      json: (message) => [Buffer.from(toJsonString(ServerStreamResponseSchema, message, { registry }))],
    },
    failureOf: () => undefined,
  });
}

async function* answer(
  request: ServerStreamRequest,
  { request: { headers }, response, signal, timeoutMs, trailers }: StreamCall,
): AsyncGenerator<ServerStreamResponse, void, undefined> {
  const definition = request.responseDefinition;
  const pairs = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  let info: ReturnType<typeof requestInfo> | undefined = requestInfo(
    pairs.filter(([name]) => !name.startsWith(":")),
    timeoutMs,
    [packed(ServerStreamRequestSchema, request)],
  );
  const append = (name: string, value: string): void => {
    const before = response.getHeader(name);
    response.setHeader(name, before === undefined ? value : [before, value].flat().map(String));
  };
  addHeaders({ append }, definition?.responseHeaders ?? []);
  addHeaders(trailers, definition?.responseTrailers ?? []);
  for (const data of definition?.responseData ?? []) {
    await sleep(definition?.responseDelayMs ?? 0, signal);
    yield create(ServerStreamResponseSchema, { payload: payload(data, info) });
    info = undefined;
  }
  if (definition?.error !== undefined) throw errorOf(definition.error, info);
}

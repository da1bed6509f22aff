/**
 * The server under test by Connect's conformance suite: it reads its settings from standard input, and writes its
 * address to standard output
 * (https://github.com/connectrpc/conformance/blob/v1.0.7/docs/testing_servers.md). Its server-stream method is served
 * by the writer of Taffrail's logs, its other methods by connect-node, all of them behind Taffrail's listener.
 */
import { once } from "node:events";
import { create, createRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { Secret } from "../../src/secret.ts";
import { listen, REQUEST_MS } from "../../src/server/listen.ts";
import { breakOff, type NodeRequest, type NodeResponse, sendText } from "../../src/server/node-http.ts";
import { readBody } from "../../src/server/request-body.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";
import { OTHER_METHODS } from "./other-methods.ts";
import { createStreamUnderTest } from "./stream-under-test.ts";

const { useTls, serverCreds, messageReceiveLimit } = fromBinary(ServerCompatRequestSchema, await readDelimited());
const registry = createRegistry(file_connectrpc_conformance_v1_service);
const maxBytes = messageReceiveLimit || 0xffffffff;
const router = createConnectRouter({
  jsonOptions: { registry },
  acceptCompression: [compressionGzip],
  compressMinBytes: 0xffffffff,
  readMaxBytes: maxBytes,
});
router.service(ConformanceService, OTHER_METHODS);
const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
const streamPath = createMethodUrl("/", ConformanceService.method.serverStream);
const serveStream = createStreamUnderTest(registry, maxBytes);

async function serve(request: NodeRequest, response: NodeResponse): Promise<void> {
  const [path = ""] = (request.url ?? "").split("?", 1);
  if (path === streamPath) {
    const status = await serveStream(request, response);
    if (status !== undefined) sendText(response, status, "");
    return;
  }
  const handler = handlers.get(path);
  if (handler === undefined) return sendText(response, 404, "");
  const call = universalRequestFromNodeRequest(request, response, undefined, undefined);
  const isStream = /client_streaming|bidi/.test(handler.method.methodKind);
  const answer = await handler({ ...call, body: readBody(request, REQUEST_MS, isStream) });
  await universalResponseToNodeResponse(answer, response);
}

const { address } = await listen({
  host: "127.0.0.1",
  port: 0,
  tls: useTls && serverCreds ? { cert: text(serverCreds.cert), key: new Secret(text(serverCreds.key)) } : undefined,
  onRequest: (request, response) => {
    response.on("error", () => undefined);
    serve(request, response).catch(() => breakOff(response));
  },
});
writeDelimited(
  toBinary(
    ServerCompatResponseSchema,
    create(ServerCompatResponseSchema, {
      host: "127.0.0.1",
      port: address.port,
      ...(useTls && serverCreds && { pemCert: serverCreds.cert }),
    }),
  ),
);

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Reads a message that follows its four-byte length. */
async function readDelimited(): Promise<Uint8Array> {
  for (;;) {
    const head = process.stdin.read(4) as Buffer | null;
    if (head === null) {
      await once(process.stdin, "readable");
      continue;
    }
    const size = head.readUInt32BE();
    for (;;) {
      const body = size === 0 ? Buffer.alloc(0) : (process.stdin.read(size) as Buffer | null);
      if (body !== null) return body;
      await once(process.stdin, "readable");
    }
  }
}

function writeDelimited(message: Uint8Array): void {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([size, message]));
}

import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as requestH1 } from "node:http";
import { connect as connectH2 } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type ConnectError, createConnectRouter } from "@connectrpc/connect";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure } from "../../src/failure.ts";
import type { LogFrame } from "../../src/logs/frame.ts";
import { beginReport } from "../../src/rpc/call-report.ts";
import { fieldsOf } from "../../src/rpc/frame-message.ts";
import { reporting } from "../../src/rpc/interceptors.ts";
import { LOG_ENCODING } from "../../src/rpc/log-encoding.ts";
import { addReasonBeforeWriting } from "../../src/rpc/protocol-errors.ts";
import { type Listener, listen } from "../../src/server/listen.ts";
import { type NodeRequest, type NodeResponse, STREAM_HEADERS, sendText } from "../../src/server/node-http.ts";
import { readBody } from "../../src/server/request-body.ts";
import { validatorOf } from "../../src/server/wire/request-message.ts";
import { createServerStream } from "../../src/server/wire/server-stream.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createRefusals } from "../../src/telemetry/refusals.ts";
import { envelope } from "./raw-call.ts";
import { openRaw } from "./raw-socket.ts";

const method = AnalysisRunLogService.method.getAnalysisRunLogs;
const PATH = `/${AnalysisRunLogService.typeName}/${method.name}`;
const MAX_BYTES = 64 * 1024;
const REQUEST_MS = 5_000;
const clock = { now: () => 0 };
const log = createLog("fatal", { write: () => undefined });

const chunk = (text: string, more: Partial<Extract<LogFrame, { kind: "chunk" }>> = {}): LogFrame => ({
  kind: "chunk",
  bytes: Buffer.from(text),
  firstLine: 1,
  runs: undefined,
  offset: 0,
  container: undefined,
  attempt: undefined,
  cursor: () => "a-cursor".repeat(70),
  ...more,
});
const end = (failure?: Failure): LogFrame => ({
  kind: "end",
  reason: failure === undefined ? "complete" : "source-failed",
  headMissing: false,
  lines: 3,
  bytes: 2 ** 40,
  scanned: 17,
  cursor: undefined,
  failure,
});
const unavailable = new Failure("unavailable", "SOURCE_FAILED", "The store broke off: 100 % größer.", {
  next: "Again.",
});

/** The frames that the method sends, by the requested run's name. */
const STREAMS: Readonly<Record<string, readonly (LogFrame | Error)[]>> = {
  "messages-of-every-kind": [
    { kind: "heartbeat", cursor: undefined },
    { kind: "notice", notice: "waiting", message: "It has not begun.", cursor: () => "there" },
    chunk("Größe 😀\n"),
    chunk("\ufeffof a container", {
      container: "main",
      attempt: 3,
      offset: undefined,
      runs: [{ firstLine: 9, count: 2, context: true }],
    }),
    { kind: "heartbeat", cursor: () => "here" },
    end(),
  ],
  "chunks-of-every-size": [1, 127, 128, 3_000, 4_090, 4_096, 16_384, 70_000, 262_144, 3_000_000]
    .map((length) => chunk("é".repeat(length / 2 + 1), { cursor: () => "" }))
    .concat(end()),
  "no-message": [],
  "a-failure-at-once": [
    new Failure("not-found", "RUN_NOT_FOUND", "There is no such run.", { available: ["one", "two"] }),
  ],
  "a-failure-behind-the-log": [chunk("half\n"), end(unavailable)],
  "an-error-that-tells-nothing": [chunk("half\n"), new TypeError("x is undefined at /srv/secret.ts")],
};

async function* framesOf(name: string, signal: AbortSignal): AsyncGenerator<LogFrame, void, undefined> {
  for (const frame of STREAMS[name] ?? []) {
    if (frame instanceof Error) throw frame;
    yield frame;
  }
  if (name !== "for-ever") return;
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

const reports = { log, clock, refusals: createRefusals(), delay: () => Promise.resolve() };

/** Serves the method by connect-node. */
function byConnect(): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  const router = createConnectRouter({
    requestGate: ({ signal }) => addReasonBeforeWriting(signal, createRefusals()),
    interceptors: [reporting(reports), createValidateInterceptor()],
    acceptCompression: [compressionGzip],
    compressMinBytes: 0xffffffff,
    readMaxBytes: MAX_BYTES,
  });
  router.rpc(method, async function* ({ name }, { signal, responseHeader, responseTrailer }) {
    responseHeader.set("x-of-the-call", "1");
    responseTrailer.set("x-at-the-end", "2");
    for await (const frame of framesOf(name, signal)) {
      yield { ...fieldsOf(frame), ...(frame.kind === "chunk" && { chunk: Buffer.from(frame.bytes).toString() }) };
      if (frame.kind === "end" && frame.failure !== undefined) throw frame.failure;
    }
  });
  const [handler] = router.handlers;
  if (handler === undefined) throw new Error("no handler");
  return async (request, response) => {
    const call = universalRequestFromNodeRequest(request, response, undefined, undefined);
    const answer = await handler({ ...call, body: readBody(request, REQUEST_MS, false) });
    if (answer.body === undefined) sendText(response, answer.status, "");
    else {
      // What our routes add to each stream of theirs.
      for (const [name, value] of Object.entries(STREAM_HEADERS)) response.setHeader(name, value);
      await universalResponseToNodeResponse(answer, response);
    }
  };
}

/** Serves the method by our own writer. */
function byOurs(): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  const serve = createServerStream<typeof method.input, void, LogFrame>({
    method,
    maxRequestBytes: MAX_BYTES,
    requestMs: REQUEST_MS,
    report: (signal) => beginReport(reports, method, signal),
    admit: () => Promise.resolve(),
    validate: validatorOf(createValidateInterceptor(), method),
    open({ name }, { response, signal, trailers }) {
      response.setHeader("x-of-the-call", "1");
      trailers.set("x-at-the-end", "2");
      const frames = framesOf(name, signal);
      return { next: async () => (await frames.next()).value ?? undefined, close: () => void frames.return() };
    },
    encode: LOG_ENCODING,
    failureOf: (frame) => (frame.kind === "end" ? frame.failure : undefined),
  });
  return async (request, response) => {
    const status = await serve(request, response);
    if (status !== undefined) sendText(response, status, "");
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}
type Ask = (port: number, headers: Readonly<Record<string, string>>, body: Uint8Array) => Promise<Answer>;

const askH1: Ask = async (port, headers, body) => {
  const request = requestH1({ port, path: PATH, method: "POST", headers, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  const received = await buffer(response);
  return { status: response.statusCode, headers: response.headers, body: received, trailers: response.trailers };
};
const askH2: Ask = async (port, requestHeaders, request) => {
  const session = connectH2(`http://127.0.0.1:${port}`);
  const stream = session.request({ ":path": PATH, ":method": "POST", ...requestHeaders });
  let trailers = {};
  stream.on("trailers", (received) => {
    // A copy, without the symbol keys that Node adds.
    trailers = Object.fromEntries(Object.entries(received));
  });
  stream.end(request);
  const [{ ":status": status, ...received }] = await once(stream, "response");
  const headers = Object.fromEntries(Object.entries(received));
  const body = await buffer(stream);
  session.destroy();
  return { status, headers, body, trailers };
};

const TYPES = [
  "application/connect+proto",
  "application/connect+json",
  "application/connect+json; charset=utf-8",
  "application/grpc",
  "application/grpc+proto",
  "application/grpc+json",
  "application/grpc-web",
  "application/grpc-web+proto",
  "application/grpc-web+json",
] as const;
const VERSIONS = [
  { version: "HTTP/1.1", ask: askH1 },
  { version: "HTTP/2", ask: askH2 },
];
const table = TYPES.flatMap((type) => VERSIONS.map((version) => ({ type, ...version })));

describe.each(table)("connect-node's handler and ours, for $type over $version", ({ type, ask }) => {
  const listeners: Listener[] = [];
  beforeAll(async () => {
    for (const serve of [byConnect(), byOurs()]) {
      const onRequest = (request: NodeRequest, response: NodeResponse): void => {
        response.on("error", () => undefined);
        void serve(request, response);
      };
      listeners.push(await listen({ host: "127.0.0.1", port: 0, tls: undefined, onRequest }));
    }
  });
  afterAll(() => {
    for (const each of listeners) each.destroy();
    return Promise.all(listeners.map((each) => each.close()));
  });

  const isJson = type.includes("json");
  const encoding = type.includes("connect") ? "connect-content-encoding" : "grpc-encoding";
  const timeout = type.includes("connect") ? "connect-timeout-ms" : "grpc-timeout";
  const message = (name: string): Buffer =>
    isJson
      ? Buffer.from(JSON.stringify({ namespace: "shop", name }))
      : Buffer.concat([
          Buffer.from([0x0a, 4]),
          Buffer.from("shop"),
          Buffer.from([0x12, name.length]),
          Buffer.from(name),
        ]);

  /** Sends the same request to both. */
  async function askBoth(body: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    const all = { "content-type": type, te: "trailers", ...headers };
    const [connect, ours] = await Promise.all(listeners.map(({ address }) => ask(address.port, all, body)));
    if (connect === undefined || ours === undefined) throw new Error("One of them has not answered.");
    return { connect: readable(connect), ours: readable(ours) };
  }

  it.each(Object.keys(STREAMS))("send the same %s", async (name) => {
    const { connect, ours } = await askBoth(envelope(0, message(name)));
    expect(ours).toEqual(connect);
    expect(ours.messages).toHaveLength(STREAMS[name]?.filter((frame) => !(frame instanceof Error)).length ?? 0);
    expect(ours.headers).toMatchObject({ "content-type": expect.stringContaining(isJson ? "json" : "proto") });
  });

  it("accept compressed requests", async () => {
    const { connect, ours } = await askBoth(envelope(1, gzipSync(message("messages-of-every-kind"))), {
      [encoding]: "gzip",
    });
    // Connect announces a compression, although it compresses no message.
    expect(connect.headers).toMatchObject({ [encoding]: "gzip" });
    expect({ ...ours, headers: { ...ours.headers, [encoding]: "gzip" } }).toEqual(connect);
    expect(ours.messages).toHaveLength(6);
  });

  it("refuse invalid requests with the same errors", async () => {
    const good = message("no-message");
    const faults: readonly (readonly [Uint8Array, Record<string, string>?])[] = [
      [Buffer.alloc(0)],
      [Buffer.alloc(3)],
      [envelope(0, Buffer.from([0xff, 0xff, 0xff]))],
      [envelope(0, message("Not A Name"))],
      [envelope(0, good, good.length + 5)],
      [Buffer.concat([envelope(0, good), envelope(0, good)])],
      [envelope(0, Buffer.alloc(70_000, " "))],
      [envelope(0, good, 0xffffffff)],
      [envelope(1, good)],
      [envelope(1, good), { [encoding]: "gzip" }],
      [envelope(1, gzipSync(Buffer.alloc(70_000, " "))), { [encoding]: "gzip" }],
      [envelope(1, good), { [encoding]: "br" }],
      [envelope(0, good), { [timeout]: "soon" }],
    ];
    for (const [body, headers] of faults) {
      const { connect, ours } = await askBoth(body, headers);
      if (headers?.[encoding] === "gzip") Object.assign(ours.headers, { [encoding]: "gzip" });
      expect(ours).toEqual(connect);
      expect(ours.error?.reason).toMatch(/^(REQUEST_INVALID|LIMIT_REACHED)$/);
    }
  });

  it("end calls that exceed the client's deadline with the same error", async () => {
    const limit = (ms: number) => ({ [timeout]: timeout === "grpc-timeout" ? `${ms}m` : String(ms) });
    const late = await askBoth(envelope(0, message("for-ever")), limit(30));
    expect(late.ours).toEqual(late.connect);
    expect(late.ours.error).toMatchObject({ code: 4, reason: "DEADLINE_EXCEEDED" });
    // Connect starts the call and ends it at once; ours does not start it.
    const over = await askBoth(envelope(0, message("for-ever")), limit(0));
    expect(over.ours.error).toEqual(over.connect.error);
  });

  it("refuse unknown content types with the same error", async () => {
    for (const other of ["application/json", "application/connect+thrift", "application/grpc-web-text", "text/plain"]) {
      const { connect, ours } = await askBoth(envelope(0, message("no-message")), { "content-type": other });
      expect(ours).toEqual(connect);
      expect(ours.status).toBe(415);
    }
  });
});

describe("over HTTP/1.0, nginx's default to an upstream", () => {
  it("a stream is sent without chunked encoding, and its connection is closed", async () => {
    const serve = byOurs();
    const onRequest = (request: NodeRequest, response: NodeResponse): void => void serve(request, response);
    const listener = await listen({ host: "127.0.0.1", port: 0, tls: undefined, onRequest });
    const body = envelope(0, Buffer.from(JSON.stringify({ namespace: "shop", name: "chunks-of-every-size" })));
    const raw = await openRaw(listener.address.port);
    const head = `POST ${PATH} HTTP/1.0\r\nHost: x\r\nContent-Type: application/connect+json\r\n`;
    await raw.say(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.toString("latin1")}`);
    const received = await raw.ended();
    const start = received.indexOf("\r\n\r\n") + 4;
    const answer = received.subarray(0, start).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*content-type: application\/connect\+json\r\n/);
    expect(answer).not.toMatch(/transfer-encoding|content-length/i);
    const { messages, error } = readable({ status: 200, headers: {}, trailers: {}, body: received.subarray(start) });
    expect(messages).toHaveLength(11);
    expect(error).toBeUndefined();
    // The end-of-stream message is the last to be sent.
    expect(received.subarray(-1).toString()).toBe("}");
    await listener.close();
  });
});

/** Splits a response into its parts. Errors lose their reference, which differs each time. */
function readable({ status, headers: { date: _, ...headers }, trailers, body }: Answer) {
  const messages: { readonly flags: number; readonly text: string }[] = [];
  let error: ConnectError | undefined;
  let metadata: Record<string, string> = {};
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    const flags = body[at] ?? 0;
    const bytes = body.subarray(at + 5, at + 5 + length);
    if (flags === 2) {
      const ending = endStreamFromJson(bytes);
      error = ending.error;
      metadata = Object.fromEntries(ending.metadata);
    } else if (flags === 128) {
      const ending = trailerParse(bytes);
      error = findTrailerError(ending);
      metadata = withoutStatus(Object.fromEntries(ending));
    } else messages.push({ flags, text: bytes.length > 1_000 ? digestOf(bytes) : bytes.toString("latin1") });
    at += 5 + length;
  }
  error ??= findTrailerError(new Headers(trailers as Record<string, string>));
  const [info] = error?.findDetails(ErrorInfoSchema) ?? [];
  const { reference, ...rest } = info?.metadata ?? {};
  return {
    status,
    headers,
    messages,
    metadata,
    trailers: withoutStatus(trailers),
    error: error && {
      code: error.code,
      // The message of an internal error contains its reference.
      message: error.rawMessage,
      reason: info?.reason,
      info: { ...rest, next: rest.next?.replace(reference ?? "", "") },
      details: error.details.map((detail) => ("type" in detail ? detail.type : detail.desc.typeName)),
    },
  };
}

/** A digest to compare two long messages by. */
function digestOf(bytes: Buffer): string {
  return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Trailers without the error's details, which contain its reference. */
function withoutStatus(trailers: Readonly<Record<string, unknown>>) {
  const { "grpc-status-details-bin": _, ...others } = trailers;
  return others as Record<string, string>;
}

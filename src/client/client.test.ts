import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AnalysisRunLogService,
  EndReason,
  GetAnalysisRunLogsResponseSchema,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";
import { fakeTimer } from "../../test/fakes/timers.ts";
import { createTaffrailClient, type TaffrailClient } from "./client.ts";
import { describeError } from "./describe-error.ts";
import type { LogEvent } from "./log-event.ts";
import type { LogState } from "./log-state.ts";

const FAILED = { namespace: "guestbook", name: "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5" };
const ENDED = { event: { case: "end" as const, value: { reason: EndReason.COMPLETE } } };

async function collect(events: AsyncIterable<LogEvent>): Promise<{ events: LogEvent[]; error: unknown }> {
  const seen: LogEvent[] = [];
  try {
    for await (const event of events) seen.push(event);
  } catch (error) {
    return { events: seen, error };
  }
  return { events: seen, error: undefined };
}

describe("with a gateway", () => {
  let gateway: DemoGateway;
  let client: TaffrailClient;
  beforeAll(async () => {
    gateway = await startDemoGateway();
    client = createTaffrailClient({ baseUrl: gateway.url, token: "demo-viewer" });
  });
  afterAll(() => gateway.close());

  it("yields a log's origin first, then its bytes, then its end", async () => {
    const { events, error } = await collect(client.getAnalysisRunLogs(FAILED));
    expect(error).toBeUndefined();
    expect(events[0]).toMatchObject({ kind: "origin", origin: { metricName: "robot", attempt: 2 } });
    expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason: EndReason.COMPLETE } });
    const chunks = events.filter((event) => event.kind === "chunk").map(({ bytes }) => bytes);
    expect(events.map(({ kind }) => kind)).toEqual(["origin", ...chunks.map(() => "chunk"), "end"]);
    expect(Buffer.concat(chunks).toString("utf8")).toContain("guestbook");
  });

  it("throws a server's refusal with its details", async () => {
    const { events, error } = await collect(client.getAnalysisRunLogs({ ...FAILED, metricName: "robt" }));
    expect(events).toEqual([]);
    expect(error).toBeInstanceOf(ConnectError);
    expect(describeError(error)).toMatchObject({
      code: Code.NotFound,
      reason: "METRIC_NOT_FOUND",
      available: ["robot"],
    });
  });

  it("asks for the token on each call, and sends none if there is none", async () => {
    const tokens = ["demo-viewer", "nobody", "demo-viewer"];
    const asking = createTaffrailClient({ baseUrl: gateway.url, token: () => tokens.shift() ?? "" });
    const list = () => asking.listAnalysisRuns({ namespace: "guestbook" });
    expect((await list()).analysisRuns.length).toBeGreaterThan(0);
    await expect(list()).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect((await collect(asking.getAnalysisRunLogs(FAILED))).error).toBeUndefined();

    const waiting = createTaffrailClient({ baseUrl: gateway.url, token: async () => "demo-viewer" });
    expect((await waiting.listProjects({})).projects).toMatchObject([{ name: "guestbook" }]);

    const nobody = createTaffrailClient({ baseUrl: gateway.url });
    expect((await nobody.getServerInfo({})).version).toMatch(/^\d/);
    const error: unknown = await nobody.listProjects({}).catch((reason: unknown) => reason);
    expect(describeError(error)).toMatchObject({ reason: "TOKEN_MISSING" });
  });

  it("fails a call whose token cannot be obtained, without making it", async () => {
    const failing = createTaffrailClient({
      baseUrl: "http://127.0.0.1:1",
      token: () => Promise.reject(new Error("not signed in")),
    });
    await expect(failing.listProjects({})).rejects.toThrow("not signed in");
    expect((await collect(failing.getAnalysisRunLogs(FAILED))).error).toMatchObject({ rawMessage: "not signed in" });
  });
});

describe("a stream", () => {
  type Message = { chunk?: string; event?: unknown };
  const clientOf = (messages: () => AsyncIterable<Message>): TaffrailClient =>
    createTaffrailClient({
      baseUrl: "http://unused",
      transport: createRouterTransport(({ service }) => {
        service(AnalysisRunLogService, { getAnalysisRunLogs: messages as never });
      }),
    });

  it("is yielded event by event, in the order of the server's messages", async () => {
    const { events, error } = await collect(
      clientOf(async function* () {
        yield {};
        yield { event: { case: "notice", value: { kind: NoticeKind.BYTES_REPLACED, message: "a" } } };
        yield { chunk: "one " };
        yield { chunk: "", event: undefined };
        yield { chunk: "zwei ä", event: { case: "notice", value: { message: "b" } } };
        yield ENDED;
      }).getAnalysisRunLogs(FAILED),
    );
    expect(error).toBeUndefined();
    const short = events.map((event) =>
      event.kind === "chunk"
        ? Buffer.from(event.bytes).toString("utf8")
        : event.kind === "notice"
          ? event.notice.message
          : event.kind,
    );
    expect(short).toEqual(["a", "one ", "zwei ä", "b", "end"]);
  });

  it("fails as incomplete if it stops without an end", async () => {
    for (const messages of [[], [{}], [{ chunk: "half of it" }]] as Message[][]) {
      const { events, error } = await collect(
        clientOf(async function* () {
          yield* messages;
        }).getAnalysisRunLogs(FAILED, { resume: false }),
      );
      expect(events.map(({ kind }) => kind)).toEqual(messages.filter(({ chunk }) => chunk).map(() => "chunk"));
      expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: expect.stringContaining("incomplete") });
    }
  });

  it("yields its end before it fails", async () => {
    const { events, error } = await collect(
      clientOf(async function* () {
        yield { event: { case: "end", value: { reason: EndReason.SOURCE_FAILED } } };
        throw new ConnectError("broke off", Code.Unavailable);
      }).getAnalysisRunLogs(FAILED, { resume: false }),
    );
    expect(events).toMatchObject([{ kind: "end", end: { reason: EndReason.SOURCE_FAILED } }]);
    expect(error).toMatchObject({ rawMessage: "broke off" });
  });
});

describe("over HTTP", () => {
  const message = toBinary(
    GetAnalysisRunLogsResponseSchema,
    create(GetAnalysisRunLogsResponseSchema, { chunk: "a\n" }),
  );
  const END_STREAM = Buffer.from([2, 0, 0, 0, 2, ...Buffer.from("{}")]);
  const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);

  /** A server with this answer that reports when its client has left. */
  async function serverThat(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const left = createGate();
    const asked = createGate();
    const server = createServer((request, response) => {
      response.once("close", () => left.open());
      asked.open();
      answer(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      client: createTaffrailClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
      asked: asked.opened,
      left: left.opened,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }
  const streaming = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "application/connect+proto" });
    response.write(envelope);
  };

  it("ends the request when the loop is left", async () => {
    const { client, left, close } = await serverThat(streaming);
    for await (const { kind } of client.getAnalysisRunLogs(FAILED)) {
      expect(kind).toBe("chunk");
      break;
    }
    await left;
    close();
  });

  it("ends the request when it is aborted, during a stream and before it begins", async () => {
    for (const answer of [streaming, () => {}]) {
      const { client, asked, left, close } = await serverThat(answer);
      const readerAbort = new AbortController();
      const collecting = collect(client.getAnalysisRunLogs(FAILED, { signal: readerAbort.signal }));
      await asked;
      readerAbort.abort();
      const { error } = await collecting;
      expect(error).toMatchObject({ code: Code.Canceled });
      await left;
      close();
    }
  });

  it("fails if the connection breaks, whatever came before", async () => {
    const { client, close } = await serverThat((request, response) => {
      streaming(request, response);
      setImmediate(() => request.socket.resetAndDestroy());
    });
    expect((await collect(client.getAnalysisRunLogs(FAILED))).error).toBeInstanceOf(ConnectError);
    close();
  });

  it("retries a server that is down, and fails with Unavailable if it stays down", async () => {
    const { client, close } = await serverThat((request, response) => {
      streaming(request, response);
      response.end();
    });
    close();
    const { timer, waited } = fakeTimer();
    const states: LogState[] = [];
    const onState = (state: LogState): void => void states.push(state);
    const resume = { timer, random: () => 1 };
    const { events, error } = await collect(client.getAnalysisRunLogs(FAILED, { resume, onState }));
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "The server cannot be reached." });
    expect(waited).toEqual([250, 500, 1_000]);
    expect(states.map(({ kind }) => kind)).toEqual([
      "connecting",
      ...["waiting", "resuming", "waiting", "resuming", "waiting", "resuming"],
      "ended",
    ]);
    await expect(client.getServerInfo({})).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ["before it answers", (request) => request.socket.resetAndDestroy()],
    [
      "before its first message",
      (request, response) => {
        response.writeHead(200, { "content-type": "application/connect+proto" }).flushHeaders();
        setImmediate(() => request.socket.resetAndDestroy());
      },
    ],
  ])("treats a connection that is reset %s as Unavailable, and retries", async (_, reset) => {
    let calls = 0;
    const { client, close } = await serverThat((request, response) => {
      calls += 1;
      if (calls < 3) return reset(request, response);
      streaming(request, response);
      response.end(END_STREAM);
    });
    const { timer, waited } = fakeTimer();
    const { events, error } = await collect(
      client.getAnalysisRunLogs(FAILED, { resume: { timer, random: () => 1, tries: 2 } }),
    );
    expect(events.map(({ kind }) => kind)).toEqual(["chunk"]);
    // The chunk had no cursor.
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: expect.stringContaining("incomplete") });
    expect([calls, waited]).toEqual([3, [250, 500]]);
    close();
  });

  it("fails if the response ends too early over a connection that is fine", async () => {
    const { client, close } = await serverThat((request, response) => {
      streaming(request, response);
      response.end();
    });
    const { events, error } = await collect(client.getAnalysisRunLogs(FAILED));
    expect(events).toHaveLength(1);
    expect(error).toBeInstanceOf(ConnectError);
    close();
  });
});

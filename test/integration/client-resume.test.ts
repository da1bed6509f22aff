import { createHash } from "node:crypto";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../../src/client/client.ts";
import type { LogEvent } from "../../src/client/log-event.ts";
import { startBreakingProxy } from "../fakes/breaking-proxy.ts";
import { type ScriptedLog, scriptedLog } from "../fakes/scripted-log.ts";
import { type RunningServer, serveScript } from "../fakes/serve-script.ts";
import { fakeTimer } from "../fakes/timers.ts";

const REQUEST = { namespace: "guestbook", name: "uat.01" };
const LINES = Array.from({ length: 60 }, (_, index) => `${index + 1} ${"wörd ".repeat(index % 9)}\n`);
const WHOLE = LINES.join("");

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(log: ScriptedLog, http2: boolean): Promise<RunningServer> {
  const server = await serveScript(log.routes, http2);
  closing.push(server.stop);
  return server;
}

async function proxied(port: number, lengths: readonly number[]) {
  const proxy = await startBreakingProxy(port, lengths);
  closing.push(proxy.close);
  return proxy;
}

async function readThrough(
  port: number,
  transport?: (baseUrl: string) => Transport,
  onEvent?: (event: LogEvent) => Promise<void>,
) {
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = createTaffrailClient({ baseUrl, ...(transport && { transport: transport(baseUrl) }) });
  const pieces: Uint8Array[] = [];
  const events: LogEvent[] = [];
  // Tries without end: what is looked for is a log that is not the same, not one that was given up.
  const resume = { tries: 1_000, timer: fakeTimer().timer };
  for await (const event of client.getAnalysisRunLogs(REQUEST, { resume })) {
    events.push(event);
    if (event.kind === "chunk") pieces.push(event.bytes);
    await onEvent?.(event);
  }
  return { text: Buffer.concat(pieces).toString(), events };
}

async function* hanging(until: Promise<void>): AsyncGenerator<object> {
  yield {};
  await until;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const grpc = (baseUrl: string): Transport => createGrpcTransport({ baseUrl });

describe.each([
  { name: "Connect over HTTP/1.1", http2: false, transport: undefined },
  { name: "gRPC over HTTP/2", http2: true, transport: grpc },
])("over $name", ({ http2, transport }) => {
  it("resumes after every message, with the text of a direct read and each line sent once", async () => {
    const cutting = scriptedLog(LINES, (_, __, sent) => {
      if (sent === 1) throw new ConnectError("cut", Code.Unavailable);
      return undefined;
    });
    const { text } = await readThrough((await serve(cutting, http2)).port, transport);
    const direct = await readThrough((await serve(scriptedLog(LINES), http2)).port, transport);
    expect(sha256(text)).toBe(sha256(direct.text));
    expect(text).toBe(WHOLE);
    expect(cutting.sent).toEqual(LINES.map((_, index) => index));
    expect(cutting.requests).toHaveLength(LINES.length + 1);
  });

  it("resumes after SERVER_SHUTDOWN every ten messages", async () => {
    const stopping = scriptedLog(LINES, (_, __, sent) =>
      sent === 10 ? [{ event: { case: "end", value: { reason: EndReason.SERVER_SHUTDOWN } } }] : undefined,
    );
    const { text, events } = await readThrough((await serve(stopping, http2)).port, transport);
    expect(text).toBe(WHOLE);
    expect(events.filter(({ kind }) => kind === "resumed")).toMatchObject(
      [11, 21, 31, 41, 51, 61].map((line, index) => ({ line, times: index + 1 })),
    );
    expect(events.at(-1)).toMatchObject({ kind: "end", end: { lines: 60n } });
    expect(stopping.sent).toEqual(LINES.map((_, index) => index));
  });

  it("resumes at a restarted server on another port behind a proxy", async () => {
    const never = new Promise<void>(() => {});
    const before = scriptedLog(LINES, (next) => (next === 30 ? hanging(never) : undefined));
    const after = scriptedLog(LINES);
    const first = await serve(before, http2);
    const second = await serve(after, http2);
    const proxy = await proxied(first.port, []);
    const { text } = await readThrough(proxy.port, transport, async (event) => {
      if (event.kind !== "chunk" || event.cursor !== "piece-30") return;
      proxy.moveTo(second.port);
      await first.stop();
    });
    expect(text).toBe(WHOLE);
    expect(after.requests.map(({ cursor }) => cursor)).toEqual(["piece-30"]);
    expect([...before.sent, ...after.sent]).toEqual(LINES.map((_, index) => index));
  });

  it("gives the same bytes wherever connections are cut", { timeout: 30_000 }, async () => {
    const { port } = await serve(scriptedLog(LINES), http2);
    // The first connection delivers a message: one that breaks before that may be a wrong address.
    const cuts = fc
      .tuple(fc.integer({ min: 1_000, max: 2_500 }), fc.array(fc.integer({ min: 1, max: 2_500 }), { maxLength: 12 }))
      .map(([first, rest]) => [first, ...rest]);
    let broken = 0;
    await fc.assert(
      fc.asyncProperty(cuts, async (lengths) => {
        const proxy = await startBreakingProxy(port, lengths);
        try {
          const { text } = await readThrough(proxy.port, transport);
          expect(sha256(text)).toBe(sha256(WHOLE));
          broken += proxy.broken;
        } finally {
          await proxy.close();
        }
      }),
      { numRuns: 60 },
    );
    expect(broken).toBeGreaterThan(60);
  });
});

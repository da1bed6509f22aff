import { gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { sends } from "../fakes/scripted-store.ts";
import { beginCall, envelope, message, WIRE_PROTOCOLS } from "./raw-call.ts";
import { openRaw } from "./raw-socket.ts";
import { DEBUG, useWorld } from "./world.ts";

const MIB = 1024 * 1024;
const RUBBISH = Buffer.from([0xff, 0xff, 0xff, 0xff]);
const BOMB = gzipSync(Buffer.alloc(50 * MIB));
/** Connect's message for the limit of 64 KiB. */
const LIMIT = /larger than configured readMaxBytes 65536/;
const TOO_LARGE = { code: "ResourceExhausted", reason: "taffrail/LIMIT_REACHED" };

describe.each(WIRE_PROTOCOLS)("a hostile request over $name", (protocol) => {
  const world = useWorld();
  const slow = useWorld({ requestMs: 100 });
  const wrapped = (flags: number, bytes: Uint8Array, length?: number): Buffer =>
    protocol.enveloped ? envelope(flags, bytes, length) : Buffer.from(bytes);
  const good = (): Buffer => message(protocol, world().addLog(sends("a log\n")));
  const authorization = `Bearer token-of-reader`;

  async function call(body: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    const { end, outcome } = beginCall(world().port, protocol, { authorization, ...headers });
    end(body);
    return await outcome;
  }

  /** Expects that the server still answers, and logged no warning. */
  async function expectWell(of = world()): Promise<void> {
    const { end, outcome } = beginCall(of.port, protocol);
    end(wrapped(0, message(protocol, of.addLog(sends("a log\n")))));
    expect((await outcome).code).toBe("ok");
    expect(of.log.filter(({ level, msg }) => level > DEBUG && msg !== "call")).toEqual([]);
  }

  it("larger than 64 KiB is refused with the limit, whatever length it declares", async () => {
    const large = Buffer.alloc(70_000, " ");
    expect(await call(wrapped(0, large))).toMatchObject({ ...TOO_LARGE, whole: expect.stringMatching(LIMIT) });
    expect(await call(wrapped(0, Buffer.alloc(5 * MIB, " ")))).toMatchObject(TOO_LARGE);
    if (protocol.enveloped) expect(await call(wrapped(0, good(), 0xffffffff))).toMatchObject(TOO_LARGE);
    await expectWell();
  });

  it("that decompresses to more than 64 KiB is refused with the limit, without decompressing it all", async () => {
    const before = process.memoryUsage().rss;
    const bombs = Array.from({ length: 20 }, () => call(wrapped(1, BOMB), { [protocol.encoding]: "gzip" }));
    for (const outcome of await Promise.all(bombs))
      expect(outcome).toMatchObject({ ...TOO_LARGE, whole: expect.stringMatching(LIMIT) });
    // Decompressed, they are 1,000 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
    expect((await call(wrapped(1, gzipSync(good())), { [protocol.encoding]: "gzip" })).code).toBe("ok");
    await expectWell();
  });

  it("that is not a message is refused with a reason", async () => {
    const refused = /^(InvalidArgument|Internal|Unimplemented)$/;
    const gzip = { [protocol.encoding]: "gzip" };
    const bodies: [Uint8Array, Record<string, string>?][] = [
      [wrapped(0, RUBBISH)],
      [wrapped(1, RUBBISH), gzip],
      [wrapped(1, gzipSync(good()).subarray(0, 20)), gzip],
      [wrapped(1, good()), { [protocol.encoding]: "br" }],
      [Buffer.alloc(0)],
      [Buffer.alloc(3)],
    ];
    if (protocol.enveloped) {
      bodies.push(
        [wrapped(0, good(), good().length + 10)],
        [wrapped(0, good(), good().length - 3)],
        [Buffer.concat([wrapped(0, good()), wrapped(0, good())])],
        [wrapped(1, good())],
      );
    }
    for (const [body, headers] of bodies) {
      const outcome = await call(body, headers);
      expect(outcome).toMatchObject({ code: expect.stringMatching(refused), reason: "taffrail/REQUEST_INVALID" });
    }
    await expectWell();
  });

  it("with an invalid or expired deadline is refused with a reason", async () => {
    const timeout = protocol.type.includes("grpc") ? "grpc-timeout" : "connect-timeout-ms";
    const body = wrapped(0, good());
    expect(await call(body, { [timeout]: "soon" })).toMatchObject({ reason: "taffrail/REQUEST_INVALID" });
    const over = { [timeout]: timeout === "grpc-timeout" ? "0m" : "0" };
    expect(await call(body, over)).toMatchObject({ code: "DeadlineExceeded", reason: "taffrail/DEADLINE_EXCEEDED" });
    await expectWell();
  });

  it("of an unknown content type is refused with the known ones", async () => {
    for (const type of ["application/x-www-form-urlencoded", "application/grpc+thrift", "text/plain"]) {
      const outcome = await call(wrapped(0, good()), { "content-type": type });
      expect(outcome).toMatchObject({ code: "InvalidArgument", reason: "taffrail/REQUEST_INVALID" });
      expect(outcome.whole).toContain("application/json");
    }
    await expectWell();
  });

  it("that breaks off leaves no resources behind", async () => {
    const body = wrapped(0, good());
    for (let length = 0; length < body.length; length += 4) {
      const { write, destroy } = beginCall(world().port, protocol);
      write(body.subarray(0, length));
      await new Promise(setImmediate);
      destroy();
    }
    await expectWell();
  });

  it("that arrives byte by byte is refused when its time limit has passed", async () => {
    const { write, outcome, destroy } = beginCall(slow().port, protocol);
    write(wrapped(0, Buffer.alloc(0), 60_000));
    const dripping = setInterval(() => write(Buffer.from(" ")), 10);
    const { code, reason, whole } = await outcome;
    clearInterval(dripping);
    destroy();
    expect([code, reason]).toEqual(["ResourceExhausted", "taffrail/REQUEST_TOO_SLOW"]);
    expect(whole).toContain("The request did not arrive within 0.1 s.");
    await expectWell(slow());
  });

  it("is read only after its token is accepted", async () => {
    const { write, outcome, destroy } = beginCall(world().port, protocol, {});
    write(wrapped(0, Buffer.alloc(70_000), 0xffffffff));
    expect(await outcome).toMatchObject({
      code: "Unauthenticated",
      whole: expect.stringContaining("A bearer token is required."),
    });
    destroy();
    await expectWell();
  });
});

describe("a call with the wrong method or version", () => {
  const world = useWorld();
  const path = "/taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";

  it.each([
    ["a method other than POST", "DELETE", path, 405],
    ["bidirectional streaming over HTTP/1.1", "POST", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", 505],
  ])("by %s is refused with a reason", async (_, method, wrong, status) => {
    const headers = { "content-type": "application/grpc" };
    const response = await fetch(world().url + wrong, { method, headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      details: [{ debug: { domain: "taffrail", reason: "REQUEST_INVALID" } }],
    });
  });

  it("without a Host header is refused with a reason", async () => {
    const raw = await openRaw(world().port);
    await raw.say(`POST ${path} HTTP/1.0\r\nContent-Type: application/json\r\n\r\n`);
    expect(String(await raw.ended())).toMatch(/^HTTP\/1\.1 400 [\s\S]*REQUEST_INVALID/);
  });
});

describe("a far too large request on a keep-alive connection", () => {
  const world = useWorld();
  const post = (path: string, length: number): string =>
    [
      `POST /taffrail.v1.AnalysisRunLogService/${path} HTTP/1.1`,
      "Host: x",
      "Authorization: Bearer token-of-reader",
      `Content-Type: application/${path === "GetAnalysisRun" ? "json" : "connect+json"}`,
      `Content-Length: ${length}`,
      "\r\n",
    ].join("\r\n");

  it.each(["GetAnalysisRunLogs", "GetAnalysisRun"])(
    "is refused and drained, and the next one is answered: %s",
    async (path) => {
      const raw = await openRaw(world().port);
      // More than the socket buffers hold.
      const body = path === "GetAnalysisRun" ? Buffer.alloc(16 * MIB, " ") : envelope(0, Buffer.alloc(16 * MIB, " "));
      await raw.say(Buffer.concat([Buffer.from(post(path, body.length)), body]));
      await raw.say(`${post("GetAnalysisRun", 2)}{}`);
      await raw.until((received) => received.includes("invalid_argument"));
      const [first = "", second = "", ...others] = String(raw.received).split(/(?=HTTP\/1\.1 )/);
      expect(first).toMatch(/resource_exhausted/);
      expect(second).toMatch(/^HTTP\/1\.1 400 /);
      expect(others).toEqual([]);
    },
  );
});

describe("a stream of requests", () => {
  const world = useWorld({ requestMs: 100 });

  it("ends if no message arrives within the request's time limit", async () => {
    const reflection = createClient(ServerReflection, createGrpcTransport({ baseUrl: world().url }));
    const leave = new AbortController();
    async function* ask() {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
      await new Promise((resolve) => leave.signal.addEventListener("abort", resolve));
    }
    let answers = 0;
    const reading = (async () => {
      for await (const _ of reflection.serverReflectionInfo(ask())) answers += 1;
    })();
    await expect(reading).rejects.toMatchObject({ rawMessage: "The request did not arrive within 0.1 s." });
    expect(answers).toBe(1);
    leave.abort();
  });
});

describe("a hostile request on the raw route", () => {
  const world = useWorld({ requestMs: 100 });
  const lines = (path: string, ...more: string[]): string =>
    [`GET ${path} HTTP/1.1`, "Host: x", "Authorization: Bearer token-of-reader", ...more, "", ""].join("\r\n");

  it("whose body never arrives is answered, and its connection is closed after the time limit", async () => {
    const { namespace, name } = world().addLog(sends("a log\n"));
    const raw = await openRaw(world().port);
    await raw.say(lines(`/raw/${namespace}/${name}`, "Content-Length: 1000"));
    expect(String(await raw.ended())).toMatch(/^HTTP\/1\.1 200 [\s\S]*a log\n/);
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
  });

  it("with a megabyte of headers gets an answer, although it is still being sent", async () => {
    const { namespace, name } = world().addLog(sends("a log\n"));
    const authorization = `Bearer ${"x".repeat(1_000_000)}`;
    const answer = await fetch(`${world().url}/raw/${namespace}/${name}`, { headers: { authorization } });
    expect([answer.status, await answer.text()]).toEqual([431, expect.stringContaining("HEADERS_TOO_LARGE")]);
  });

  it("with a path of 40,000 characters is refused with 431", async () => {
    const raw = await openRaw(world().port);
    await raw.say(lines(`/raw/shop/${"x".repeat(40_000)}`));
    expect(String(await raw.ended())).toMatch(/^HTTP\/1\.1 431 /);
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
  });
});

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Listener, type ListenOptions, listen } from "../../src/server/listen.ts";
import { sendText } from "../../src/server/node-http.ts";
import { send, startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { HTTP_VERSIONS } from "./http-versions.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function start(options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    onRequest: (request, response) => sendText(response, 200, `${request.method} by ${request.httpVersion}`),
    ...options,
  });
  opened.push(async () => {
    const closed = listener.close();
    listener.destroy();
    await closed;
  });
  return listener;
}

async function open({ address }: Listener): Promise<Socket> {
  const socket = connect({ port: address.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  socket.on("error", () => {});
  opened.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Everything received until the server ends the connection. */
async function answerOn(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  await once(socket, "end");
  return Buffer.concat(pieces).toString();
}

const request = (method: string): string => `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe("a port for HTTP/1.1 and HTTP/2", () => {
  it.each(HTTP_VERSIONS)("speaks $version", async ({ version, ask }) => {
    const { address } = await start();
    const answer = await ask(address.port, { path: "/" });
    expect(answer).toMatchObject({ status: 200, body: `GET by ${version.slice(5).padEnd(3, ".0")}`, whole: true });
  });

  it("recognizes HTTP/2 however its first bytes are split", async () => {
    const { address } = await start();
    const [h2] = HTTP_VERSIONS.slice(-1);
    const cuts = [...Array.from({ length: PREFACE.length }, (_, at) => [at + 1]), new Array<number>(40).fill(1)];
    for (const lengths of cuts) {
      const proxy = await startCuttingProxy(address.port, lengths);
      opened.push(proxy.close);
      expect(await h2?.ask(proxy.port, { path: "/" })).toMatchObject({ status: 200, body: "GET by 2.0" });
    }
  });

  it.each(["GET", "POST", "PUT", "PRI", "PROPFIND"])("recognizes %s of HTTP/1.1 byte by byte", async (method) => {
    const socket = await open(await start());
    const answer = answerOn(socket);
    for (const byte of request(method)) await send(socket, byte);
    // PRI is not a method; the others are, and share its first letters.
    if (method === "PRI") expect(await answer).toMatch(/^HTTP\/1\.1 400 /);
    else expect(await answer).toContain(`\r\n\r\n${method} by 1.1`);
  });

  it("answers pipelined requests on one connection", async () => {
    const socket = await open(await start());
    const answer = answerOn(socket);
    await send(socket, request("GET").replace("Connection: close\r\n", "") + request("POST"));
    expect((await answer).match(/\w+ by 1\.1/g)).toEqual(["GET by 1.1", "POST by 1.1"]);
  });

  it.each([
    ["says nothing", ""],
    ["stops within what may become HTTP/2", "PRI * H"],
    ["stops within the first line", "GET / HT"],
    ["stops within the headers", "GET / HTTP/1.1\r\nHost: x\r\nX-A: "],
  ])("closes a connection that %s", async (_, said) => {
    const socket = await open(await start({ headersMs: 100 }));
    const answer = answerOn(socket);
    if (said !== "") await send(socket, said);
    expect(await answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it.each(["", "P", "PRI * HTTP/2.", "GET / HT"])("closes a connection whose client ends it after %j", async (said) => {
    const socket = await open(await start());
    const answer = answerOn(socket);
    if (said !== "") await send(socket, said);
    socket.end();
    expect(await answer).toMatch(/^(HTTP\/1\.1 400 |$)/);
  });

  it("survives a reset at any of the first bytes", async () => {
    const listener = await start();
    for (const said of ["", "P", "GET", "GET / HTTP/1.1\r\n", PREFACE.slice(0, 9), PREFACE, `${PREFACE}rubbish`]) {
      const socket = await open(listener);
      if (said !== "") await send(socket, said);
      socket.resetAndDestroy();
    }
    const [h1] = HTTP_VERSIONS;
    expect(await h1?.ask(listener.address.port, { path: "/" })).toMatchObject({ status: 200 });
  });

  it("rejects headers that are too large", async () => {
    const { address } = await start();
    const [h1] = HTTP_VERSIONS;
    const asked = h1?.ask(address.port, { path: "/", headers: { "x-large": "x".repeat(40_000) } });
    const { status, body } = (await asked) ?? {};
    expect(status).toBe(431);
    expect(JSON.parse(String(body))).toMatchObject({
      code: "invalid_argument",
      message: "The headers of the request are larger than 32 KiB, most likely because of its token.",
      details: [{ debug: { reason: "HEADERS_TOO_LARGE" } }],
    });
  });

  it("reports its port, and fails if the port is in use", async () => {
    const { address } = await start();
    expect(address.port).toBeGreaterThan(0);
    await expect(start({ port: address.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

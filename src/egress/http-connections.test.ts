import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_CLIENT, SECOND_CLIENT, SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import { EgressRefused } from "./address-policy.ts";
import { createEgress, type TlsSettings } from "./egress.ts";
import { createHttpConnections, type HttpConnections } from "./http-connections.ts";

const ca = SERVER_CERTIFICATE.cert;
const first: TlsSettings = { ca, ...FIRST_CLIENT };
const second: TlsSettings = { ca, ...SECOND_CLIENT };
const { signal } = new AbortController();

describe("createHttpConnections", () => {
  /** Started responses, each with the serial number of the client's certificate. */
  let answers: ServerResponse[];
  let accepted: number;
  let origin: string;
  let closeServer: () => Promise<unknown>;
  let connections: HttpConnections;

  beforeEach(async () => {
    answers = [];
    accepted = 0;
    const sockets = new Set<Socket>();
    const trusted = [FIRST_CLIENT.cert, SECOND_CLIENT.cert];
    const server = createServer({ ...SERVER_CERTIFICATE, ca: trusted, requestCert: true }, (request, response) => {
      response.write((request.socket as TLSSocket).getPeerCertificate().serialNumber);
      if (request.url === "/open") answers.push(response);
      else response.end();
    });
    server.on("connection", (socket: Socket) => {
      accepted += 1;
      sockets.add(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    closeServer = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      return once(server, "close");
    };
    const timeouts = { connectMs: 5_000, headersMs: 5_000, idleMs: 5_000 };
    connections = createHttpConnections({ egress: createEgress(), origin, timeouts });
  });

  afterEach(async () => {
    for (const answer of answers) answer.end();
    await connections.close();
    await closeServer();
  });

  const get = (path: string, tls: TlsSettings) => connections.get(new URL(path, origin), { headers: {}, tls, signal });
  const text = async (path: string, tls: TlsSettings) => (await get(path, tls)).body.text();

  it("reuses a connection while the settings are the same object", async () => {
    for (let i = 0; i < 10; i += 1) await text("/", first);
    // A connection is checked once more before it is reused, so there may be a second one.
    expect(accepted).toBeLessThanOrEqual(2);
  });

  it("makes new connections when the settings change, without ending open responses", async () => {
    const before = await text("/", first);
    const { body } = await get("/open", first);
    const after = await text("/", second);
    expect(after).not.toBe(before);
    expect(await text("/", second)).toBe(after);
    answers.pop()?.end();
    expect(await body.text()).toBe(before);
  });

  it("closes once all responses have ended, including those of older settings", async () => {
    const [old, current] = [await get("/open", first), await get("/open", second)];
    let closed = false;
    const closing = connections.close().then(() => {
      closed = true;
    });
    expect(connections.close()).toBe(connections.close());
    answers[1]?.end();
    await current.body.text();
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(closed).toBe(false);
    answers[0]?.end();
    await old.body.text();
    await closing;
    for (const tls of [first, second]) await expect(get("/", tls)).rejects.toThrow("The source was closed.");
  });

  it("connects only to the configured origin", async () => {
    for (const other of [
      origin.replace("https:", "http:"),
      origin.replace("127.0.0.1", "127.0.0.2"),
      "https://store.example",
    ]) {
      const asking = connections.get(new URL("/", other), { headers: {}, tls: first, signal });
      await expect(asking).rejects.toBeInstanceOf(EgressRefused);
    }
    expect(accepted).toBe(0);
  });
});

import { once } from "node:events";
import { Agent, get } from "node:https";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/secret.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { WRONG_CERTIFICATE } from "../fakes/wrong-certificate.ts";
import { TOKENS } from "./objects.ts";
import { readLog } from "./read-log.ts";
import { startWorld, useWorld, type World } from "./world.ts";

const tls = { cert: WRONG_CERTIFICATE.cert, key: new Secret(WRONG_CERTIFICATE.key) };
const trust = { ca: WRONG_CERTIFICATE.cert, servername: "wrong.example" };
const opened: (() => unknown)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

describe("a gateway over TLS", () => {
  const world = useWorld({ tls });

  it.each([
    ["h2", ["h2"]],
    ["h2", ["h2", "http/1.1"]],
    ["http/1.1", ["http/1.1"]],
    [false, undefined],
  ])("negotiates %s with a client that offers %s", async (protocol, offered) => {
    const socket = connectTls({ port: world().port, ...trust, ...(offered && { ALPNProtocols: offered }) });
    opened.push(() => socket.destroy());
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe(protocol);
  });

  it("speaks gRPC, gRPC-Web and Connect", async () => {
    const baseUrl = world().url;
    const agent = new Agent({ ...trust, keepAlive: true });
    opened.push(() => agent.destroy());
    const nodeOptions = { ...trust, agent };
    for (const transport of [
      createGrpcTransport({ baseUrl, nodeOptions: trust }),
      createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
      createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: trust }),
    ]) {
      const { text: log, error } = await readLog(transport, world().addLog(sends("safe\n")));
      expect({ log, error }).toEqual({ log: "safe\n", error: undefined });
    }
  });

  it("serves the raw route", async () => {
    const { namespace, name } = world().addLog(sends("safe\n"));
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    const url = `${world().url}/raw/${namespace}/${name}`;
    const [response] = await once(get(url, { ...trust, headers, agent: false }), "response");
    expect(await text(response)).toBe("safe\n");
    expect(response.headers["strict-transport-security"]).toBe("max-age=31536000");
  });

  it("survives clients that do not speak TLS or leave in the handshake", async () => {
    for (const said of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0016\u0003\u0001", ""]) {
      const socket = connectTcp(world().port, "127.0.0.1").on("error", () => {});
      await once(socket, "connect");
      if (said !== "") await new Promise((resolve) => socket.write(said, resolve));
      socket.resetAndDestroy();
    }
    const [response] = await once(get(`${world().url}/healthz`, { ...trust, agent: false }), "response");
    expect(await text(response)).toBe("ok\n");
    expect(world().log.filter(({ level }) => level > 30)).toEqual([]);
  });
});

describe("a gateway over TLS that stops", () => {
  async function started(): Promise<World> {
    const world = await startWorld({ tls });
    opened.push(world.close);
    return world;
  }

  it("does not wait for an abandoned handshake", async () => {
    const world = await started();
    const socket = connectTcp(world.port, "127.0.0.1").on("error", () => {});
    await once(socket, "connect");
    const closed = once(socket.resume(), "close");
    // This connection is accepted after the silent one.
    await once(
      get(`${world.url}/healthz`, { ...trust, agent: false }).on("response", (each) => each.resume()),
      "close",
    );
    await world.gateway.stop();
    await expect(closed).resolves.toBeDefined();
  });

  it("ends streams with SERVER_SHUTDOWN", async () => {
    const world = await started();
    const transport = createGrpcTransport({ baseUrl: world.url, nodeOptions: trust });
    const reading = readLog(transport, world.addLog(sendsThenHangs("begin\n")));
    await world.store.untilAnswering(1);
    await world.gateway.stop();
    expect((await reading).error).toMatchObject({ code: "Unavailable", reason: "SERVER_SHUTDOWN" });
  });
});

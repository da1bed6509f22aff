import { getEventListeners, once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { FIRST_CLIENT, SECOND_CLIENT, SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import { type HttpProxy, startHttpProxy } from "../../test/fakes/http-proxy.ts";
import { EgressRefused } from "./address-policy.ts";
import { type AgentOptions, createEgress, type EgressOptions } from "./egress.ts";
import { readProxies } from "./proxies.ts";
import type { Resolve } from "./sockets.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Store {
  readonly port: number;
  /** `GET /path HTTP-VERSION host` */
  readonly requests: string[];
  readonly accepted: number;
}

/** A store that says which client it saw. */
async function startStore(tls?: ServerOptions, address = "127.0.0.1"): Promise<Store> {
  const requests: string[] = [];
  let accepted = 0;
  const answer: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.host}`);
    const { subject } = (request.socket as TLSSocket).getPeerCertificate?.() ?? {};
    response.end(`hello ${subject?.CN ?? "you"}`);
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, address);
  await once(server, "listening");
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    get accepted() {
      return accepted;
    },
  };
}

interface HangingServer {
  readonly port: number;
  /** Settles when it has accepted a connection. */
  readonly accepted: Promise<unknown>;
  /** Settles when that connection was closed by the other side. */
  readonly abandoned: Promise<unknown>;
}

/** Accepts a connection and says nothing. */
async function startHangingServer(): Promise<HangingServer> {
  const [accepted, abandoned] = [createGate(), createGate()];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {}).resume();
    socket.once("close", abandoned.open);
    accepted.open();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.close();
    await once(server, "close");
  });
  return { port: (server.address() as AddressInfo).port, accepted: accepted.opened, abandoned: abandoned.opened };
}

/** A resolver that knows these names, and counts how often it is asked. */
function resolverOf(names: Readonly<Record<string, readonly string[]>>): Resolve & { readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = async (name) => {
    asked.push(name);
    return (names[name] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  return Object.assign(resolve, { asked });
}

function agentOf(options: EgressOptions, more: Partial<AgentOptions> = {}) {
  const agent = createEgress(options).createAgent({
    written: true,
    proxied: true,
    allowH2: false,
    connectMs: 60_000,
    headersMs: 60_000,
    bodyMs: 0,
    ...more,
  });
  closers.push(() => agent.close());
  const get = async (origin: string, { signal, path = "/log" }: { signal?: AbortSignal; path?: string } = {}) => {
    const answer = await agent.request({ origin, path, method: "GET", headers: {}, ...(signal && { signal }) });
    return answer.body.text();
  };
  return { get };
}

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("createEgress, addresses", () => {
  it("CVE-2020-8562: resolves a name once and connects to that address, whatever a second answer would be", async () => {
    const store = await startStore();
    const answers = [["127.0.0.1"], ["169.254.169.254"]];
    const asked: string[] = [];
    const resolve: Resolve = async (name) => {
      asked.push(name);
      return (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
    };
    const origin = `http://store.example:${store.port}`;
    expect(await agentOf({ resolve }).get(origin)).toBe("hello you");
    expect(asked).toEqual(["store.example"]);
    expect(store.requests).toEqual([`GET /log store.example:${store.port}`]);
    // The next connection resolves anew, and is checked anew.
    expect(await errorOf(agentOf({ resolve }).get(origin))).toBeInstanceOf(EgressRefused);
    expect(store.accepted).toBe(1);
  });

  it.each([
    ["written", ["127.0.0.1", "169.254.169.254"], true],
    ["written", ["fe80::1%eth0", "127.0.0.1"], true],
    ["made of values", ["93.184.216.34", "127.0.0.1"], false],
    ["made of values", ["::ffff:127.0.0.1"], false],
    ["made of values", ["::1"], false],
  ])("refuses a host that is %s if one of %j is not allowed", async (_, addresses, written) => {
    const store = await startStore();
    const resolve = resolverOf({ "store.example": addresses });
    const error = await errorOf(agentOf({ resolve }, { written }).get(`http://store.example:${store.port}`));
    expect(error).toBeInstanceOf(EgressRefused);
    expect(store.accepted).toBe(0);
  });

  it.each(["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"])(
    "connects to %s for a literal host, and refuses it for a host with expressions unless an entry allows it",
    async (host) => {
      const store = await startStore(undefined, host === "[::1]" ? "::1" : "127.0.0.1");
      const { origin } = new URL(`http://${host}:${store.port}`);
      const resolve = resolverOf({});
      expect(await agentOf({ resolve }).get(origin)).toBe("hello you");
      expect(await errorOf(agentOf({ resolve }, { written: false }).get(origin))).toBeInstanceOf(EgressRefused);
      expect(store.accepted).toBe(1);
      const allow = ["127.0.0.0/8", "::1"];
      expect(await agentOf({ resolve, allow }, { written: false }).get(origin)).toBe("hello you");
      expect(resolve.asked).toEqual([]);
    },
  );

  it.each([
    "169.254.169.254",
    "0.0.0.0",
    "[::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[64:ff9b::a9fe:a9fe]",
    "255.255.255.255",
  ])("does not connect to %s even for a literal host", async (host) => {
    expect(await errorOf(agentOf({}).get(new URL(`http://${host}:9`).origin))).toBeInstanceOf(EgressRefused);
  });

  it("tries a name's next address if the first refuses the connection", async () => {
    const store = await startStore();
    const resolve = resolverOf({ "store.example": ["::1", "127.0.0.1"] });
    expect(await agentOf({ resolve }).get(`http://store.example:${store.port}`)).toBe("hello you");
  });

  it("fails when the resolver does", async () => {
    const failure = Object.assign(new Error("no"), { code: "EAI_AGAIN" });
    expect(await errorOf(agentOf({ resolve: () => Promise.reject(failure) }).get("http://store.example"))).toBe(
      failure,
    );
    expect(await errorOf(agentOf({ resolve: resolverOf({}) }).get("http://store.example"))).toMatchObject({
      code: "ENOTFOUND",
    });
  });

  it("uses the system's resolver by default", async () => {
    const store = await startStore();
    expect(await agentOf({}).get(`http://localhost:${store.port}`)).toBe("hello you");
    expect(await errorOf(agentOf({}, { written: false }).get(`http://localhost:${store.port}`))).toBeInstanceOf(
      EgressRefused,
    );
  });
});

describe("createEgress, TLS", () => {
  const resolve = resolverOf({ "kubernetes.example": ["127.0.0.1"], "other.example": ["127.0.0.1"] });
  const ca = SERVER_CERTIFICATE.cert;

  it("requires a certificate for the name, from a trusted authority", async () => {
    const { port } = await startStore(SERVER_CERTIFICATE);
    expect(await agentOf({ resolve }, { tls: { ca } }).get(`https://kubernetes.example:${port}`)).toBe("hello you");
    expect(await errorOf(agentOf({ resolve }).get(`https://kubernetes.example:${port}`))).toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect(await errorOf(agentOf({ resolve }, { tls: { ca } }).get(`https://other.example:${port}`))).toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });

  it("requires one for an address too", async () => {
    const [right, wrong] = [await startStore(SERVER_CERTIFICATE), await startStore(SERVER_CERTIFICATE, "127.0.0.2")];
    expect(await agentOf({}, { tls: { ca } }).get(`https://127.0.0.1:${right.port}`)).toBe("hello you");
    expect(await errorOf(agentOf({}, { tls: { ca } }).get(`https://127.0.0.2:${wrong.port}`))).toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });

  it("requires it for the configured server name", async () => {
    const { port } = await startStore(SERVER_CERTIFICATE);
    const tls = { ca, servername: "kubernetes.example" };
    expect(await agentOf({ resolve }, { tls }).get(`https://other.example:${port}`)).toBe("hello you");
    const wrong = { ca, servername: "other.example" };
    expect(await errorOf(agentOf({ resolve }, { tls: wrong }).get(`https://kubernetes.example:${port}`))).toMatchObject(
      {
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      },
    );
  });

  it("does not verify it if told not to", async () => {
    const { port } = await startStore(SERVER_CERTIFICATE, "127.0.0.2");
    const tls = { rejectUnauthorized: false };
    expect(await agentOf({}, { tls }).get(`https://127.0.0.2:${port}`)).toBe("hello you");
  });

  it("presents its client certificate", async () => {
    const { port } = await startStore({ ...SERVER_CERTIFICATE, ca: FIRST_CLIENT.cert, requestCert: true });
    expect(await agentOf({}, { tls: { ca, ...FIRST_CLIENT } }).get(`https://127.0.0.1:${port}`)).toMatch(
      /^hello (?!you)/,
    );
    // With TLS 1.3 a client learns only afterwards that it was not let in.
    expect(
      await errorOf(agentOf({}, { tls: { ca, ...SECOND_CLIENT } }).get(`https://127.0.0.1:${port}`)),
    ).toBeInstanceOf(Error);
    expect(await errorOf(agentOf({}, { tls: { ca } }).get(`https://127.0.0.1:${port}`))).toBeInstanceOf(Error);
  });
});

describe("createEgress, aborted", () => {
  it("connects to nothing if aborted during name resolution", async () => {
    const store = await startStore();
    const [asked, answer, abort] = [createGate(), createGate(), new AbortController()];
    const resolve: Resolve = async () => {
      asked.open();
      await answer.opened;
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const { get } = agentOf({ resolve });
    const error = errorOf(get(`http://store.example:${store.port}`, { signal: abort.signal }));
    await asked.opened;
    abort.abort(new Error("left"));
    expect(await error).toBeInstanceOf(Error);
    answer.open();
    expect(await get(`http://store.example:${store.port}`)).toBe("hello you");
    expect(store.accepted).toBe(1);
  });

  it("closes a connection at once during the TLS handshake", async () => {
    const server = await startHangingServer();
    const abort = new AbortController();
    const error = errorOf(agentOf({}).get(`https://127.0.0.1:${server.port}`, { signal: abort.signal }));
    await server.accepted;
    abort.abort(new Error("left"));
    expect(await error).toBeInstanceOf(Error);
    await server.abandoned;
  });

  it("closes a connection at once while waiting for the proxy", async () => {
    const proxy = await startHttpProxy();
    closers.push(proxy.close);
    proxy.verdict = "";
    const abort = new AbortController();
    const { get } = agentOf({ proxies: readProxies({ HTTPS_PROXY: proxy.url }) });
    const error = errorOf(get("https://store.example", { signal: abort.signal }));
    await proxy.wasAsked();
    abort.abort(new Error("left"));
    expect(await error).toBeInstanceOf(Error);
    await proxy.abandoned();
  });

  it("closes only the aborted request's connection", async () => {
    const store = await startStore();
    const [answer, stays, leaves] = [createGate(), new AbortController(), new AbortController()];
    const resolve: Resolve = async () => {
      await answer.opened;
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const { get } = agentOf({ resolve });
    const origin = `http://store.example:${store.port}`;
    const [left, stayed] = [errorOf(get(origin, { signal: leaves.signal })), get(origin, { signal: stays.signal })];
    leaves.abort(new Error("left"));
    answer.open();
    expect(await left).toBeInstanceOf(Error);
    expect(await stayed).toBe("hello you");
    expect(store.accepted).toBe(1);
  });

  it("keeps the connections of requests that were aborted after their response", async () => {
    const store = await startStore();
    const { get } = agentOf({});
    for (let i = 0; i < 10; i += 1) {
      const asker = new AbortController();
      expect(await get(`http://127.0.0.1:${store.port}`, { signal: asker.signal })).toBe("hello you");
      asker.abort(new Error("left"));
    }
    // A connection that has just served is looked at once more before it serves again, so there may be a second.
    expect(store.accepted).toBeLessThanOrEqual(2);
  });

  it("leaves no timer and no listener behind", async () => {
    const store = await startStore();
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
    const before = timers();
    const agents = Array.from({ length: 20 }, () => agentOf({}));
    for (const { get } of agents) await get(`http://127.0.0.1:${store.port}`, { signal });
    // Some of them are undici's and the server's, however many connections there are.
    expect(timers() - before).toBeLessThan(10);
    // undici takes its last one away when the body is closed, which is a little later.
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
  });

  it.each(["name", "handshake", "proxy"])("times out on a %s that takes too long", async (stage) => {
    const server = await startHangingServer();
    const resolve: Resolve = () => new Promise(() => {});
    const proxies = readProxies({ HTTPS_PROXY: `http://127.0.0.1:${server.port}` });
    const { get } = agentOf({ resolve, ...(stage === "proxy" && { proxies }) }, { connectMs: 50 });
    const host = stage === "handshake" ? "127.0.0.1" : "store.example";
    expect(await errorOf(get(`https://${host}:${server.port}`))).toMatchObject({ code: "ETIMEDOUT" });
    if (stage !== "name") await server.abandoned;
  });
});

describe("createEgress, through a proxy", () => {
  const tls = { ca: SERVER_CERTIFICATE.cert };
  const resolve = resolverOf({ "inside.example": ["127.0.0.1"], "bad.example": ["169.254.169.254"] });
  let proxy: HttpProxy;

  const start = async (certificate?: typeof SERVER_CERTIFICATE): Promise<string> => {
    proxy = await startHttpProxy(certificate);
    closers.push(proxy.close);
    return proxy.url.replace("://", "://me:secret@");
  };
  const credentials = `Basic ${Buffer.from("me:secret").toString("base64")}`;

  it("lets the proxy find the store, and speaks TLS with the store itself", async () => {
    const store = await startStore(SERVER_CERTIFICATE);
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTPS_PROXY: await start() }) }, { tls });
    const before = resolve.asked.length;
    expect(await get(`https://kubernetes.example:${store.port}`)).toBe("hello you");
    expect(proxy).toMatchObject({ asked: [`CONNECT kubernetes.example:${store.port}`], credentials: [credentials] });
    expect(store.requests[0]).toBe(`GET /log kubernetes.example:${store.port}`);
    expect(resolve.asked).toHaveLength(before);
  });

  it("requires the store's own certificate there too", async () => {
    const store = await startStore(SERVER_CERTIFICATE);
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTPS_PROXY: await start() }) }, { tls });
    expect(await errorOf(get(`https://other.example:${store.port}`))).toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });

  it("sends the proxy the absolute URL without TLS", async () => {
    const store = await startStore();
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTP_PROXY: await start() }) });
    const origin = `http://store.example:${store.port}`;
    expect(await get(origin, { path: "/log?a=1" })).toBe("hello you");
    expect(proxy).toMatchObject({ asked: [`GET ${origin}/log?a=1`], credentials: [credentials] });
    expect(store.requests).toEqual([`GET /log?a=1 store.example:${store.port}`]);
  });

  it("bypasses it for NO_PROXY, with all address checks", async () => {
    const store = await startStore();
    const proxies = readProxies({ HTTP_PROXY: await start(), NO_PROXY: "inside.example,bad.example" });
    expect(await agentOf({ resolve, proxies }).get(`http://inside.example:${store.port}`)).toBe("hello you");
    expect(proxy.asked).toEqual([]);
    for (const [host, written] of [
      ["inside.example", false],
      ["bad.example", true],
    ] as const) {
      const { get } = agentOf({ resolve, proxies }, { written });
      expect(await errorOf(get(`http://${host}:${store.port}`))).toBeInstanceOf(EgressRefused);
    }
    expect(store.accepted).toBe(1);
  });

  it.each([
    ["http://169.254.169.254", true],
    ["https://169.254.169.254", true],
    ["http://10.0.0.1", false],
    ["https://[::ffff:a00:1]", false],
  ])("does not ask a proxy for %s", async (origin, written) => {
    const url = await start();
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTP_PROXY: url, HTTPS_PROXY: url }) }, { written });
    expect(await errorOf(get(origin))).toBeInstanceOf(EgressRefused);
    expect(proxy.asked).toEqual([]);
  });

  it("checks the proxy's own address", async () => {
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTPS_PROXY: "http://bad.example:3128" }) });
    expect(await errorOf(get("https://store.example"))).toBeInstanceOf(EgressRefused);
  });

  it("does not use one for connections that must not be proxied", async () => {
    const store = await startStore();
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTP_PROXY: await start() }) }, { proxied: false });
    expect(await get(`http://inside.example:${store.port}`)).toBe("hello you");
    expect(proxy.asked).toEqual([]);
  });

  it.each(["407 Proxy Authentication Required", "502 Bad Gateway"])(
    "reports the proxy's status, but not its reason phrase: %s",
    async (verdict) => {
      const { get } = agentOf({ resolve, proxies: readProxies({ HTTPS_PROXY: await start() }) });
      proxy.verdict = verdict;
      expect(await errorOf(get("https://store.example"))).toMatchObject({
        code: "ERR_TUNNEL_REFUSED",
        message: `The proxy responded: HTTP/1.1 ${verdict.slice(0, 3)}`,
      });
      await proxy.abandoned();
    },
  );

  it.each([
    ["words after its answer", "HTTP/1.1 200 OK\r\n\r\n\x16\x03"],
    ["an answer without an end", "HTTP/1.1 200 OK\r\nX: ".padEnd(40_000, "x")],
    ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
  ])("refuses a proxy that has %s", async (_, words) => {
    const left = createGate();
    const server = createTcpServer((socket) => {
      socket
        .on("error", () => {})
        .once("close", left.open)
        .once("data", () => socket.write(words, "latin1"));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.close();
      await once(server, "close");
    });
    const { port } = server.address() as AddressInfo;
    const { get } = agentOf({ resolve, proxies: readProxies({ HTTPS_PROXY: `http://127.0.0.1:${port}` }) });
    expect(await errorOf(get("https://store.example"))).toMatchObject({ code: "ERR_TUNNEL_REFUSED" });
    await left.opened;
  });

  describe("that speaks TLS", () => {
    const trusted = getCACertificates("default");
    beforeAll(() => setDefaultCACertificates([...trusted, SERVER_CERTIFICATE.cert]));
    afterAll(() => setDefaultCACertificates(trusted));

    it("speaks TLS with the store through it", async () => {
      const store = await startStore({ ...SERVER_CERTIFICATE, ca: FIRST_CLIENT.cert, requestCert: true });
      const proxies = readProxies({ HTTPS_PROXY: await start(SERVER_CERTIFICATE) });
      const { get } = agentOf({ resolve, proxies }, { tls: { ...tls, ...FIRST_CLIENT } });
      expect(await get(`https://kubernetes.example:${store.port}`)).toMatch(/^hello (?!you)/);
      expect(proxy).toMatchObject({ asked: [`CONNECT kubernetes.example:${store.port}`], credentials: [credentials] });
    });
  });
});

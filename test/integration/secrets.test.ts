import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { get, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { inspect } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { CompiledConfig } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeConnection } from "../../src/kube/connection.ts";
import { createKubeApi, type KubeApi } from "../../src/kube/kube-api.ts";
import { kubeconfigConnection } from "../../src/kube/kubeconfig.ts";
import { Secret } from "../../src/secret.ts";
import { type Gateway, startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type ApiServer, startApiServer } from "../fakes/api-server.ts";
import { FIRST_CLIENT, SERVER_CERTIFICATE } from "../fakes/certificates.ts";
import { compiledHttp } from "../fakes/compiled-http.ts";
import { type HttpProxy, startHttpProxy } from "../fakes/http-proxy.ts";
import { WRONG_CERTIFICATE } from "../fakes/wrong-certificate.ts";
import { formsOf, linesOfKey } from "../planted/forms.ts";
import { analysisRun, clusterObjects, GATEWAY_TOKEN, TOKENS } from "./objects.ts";
import { as, readLog } from "./read-log.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const plant = (): string => `${randomBytes(15).toString("hex")}/+${randomBytes(6).toString("hex")}`;
/** Secrets that are sent over the wire somewhere, one for each use. */
const SENT = {
  header: plant(),
  fileToken: plant(),
  envToken: plant(),
  queryConstant: plant(),
  goodCaller: plant(),
  badCaller: plant(),
  gateway: plant(),
  proxyPassword: plant(),
};
const KEYS = { sourceKey: FIRST_CLIENT.key, serverKey: WRONG_CERTIFICATE.key };
const TRUST = { ca: WRONG_CERTIFICATE.cert, servername: "wrong.example" };

const FORMS: readonly (readonly [name: string, forms: readonly string[]])[] = [
  ...Object.entries(SENT).map(([name, secret]) => [name, formsOf(secret)] as const),
  ...Object.entries(KEYS).map(([name, pem]) => [name, linesOfKey(pem)] as const),
];

/** The names of the secrets that a text contains, never their values: a failing test must not print them. */
function secretsIn(shown: string): string[] {
  return FORMS.filter(([, forms]) => forms.some((form) => shown.includes(form))).map(([name]) => name);
}

const echoOf = ({ url, headers }: IncomingMessage, body: string): string => JSON.stringify({ url, headers, body });
/** Echoes the request in the body and in a header. */
const echoes =
  (status: number): Answer =>
  (request, response, body) => {
    const echo = echoOf(request, body);
    response.writeHead(status, { "www-authenticate": encodeURIComponent(echo), "x-echo": echo }).end(echo);
  };
const redirects =
  (to: string): Answer =>
  (request, response) =>
    response.writeHead(302, { location: `${to}/${encodeURIComponent(echoOf(request, ""))}` }).end();
const resets: Answer = (_, response) => response.socket?.destroy();
const speaksNoHttp: Answer = (request, response, body) => response.socket?.end(`${echoOf(request, body)}\r\n\r\n`);

const STORE_ANSWERS: Readonly<Record<string, Answer>> = {
  log: (_, response) => response.end("a log\n"),
  401: echoes(401),
  403: echoes(403),
  404: echoes(404),
  500: echoes(500),
  "redirect elsewhere": redirects("http://elsewhere.example"),
  "redirect in place": redirects("/moved"),
  "unknown coding": (request, response) =>
    response.writeHead(200, { "content-encoding": `br, ${echoOf(request, "")}` }).end(brotliCompressSync("a log\n")),
  hang: () => {},
  reset: resets,
  "no HTTP": speaksNoHttp,
  "reset in mid-log": (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("half\n", () => response.socket?.destroy());
  },
};
const API_ANSWERS: Readonly<Record<string, Answer>> = {
  401: echoes(401),
  403: echoes(403),
  500: echoes(500),
  "200 without JSON": (request, response) => response.end(request.headers.authorization),
  "200 with other JSON": echoes(200),
  reset: resets,
  "no HTTP": speaksNoHttp,
};

let folder: string;
let now = Date.parse("2026-01-02T00:00:00Z");
let storeAnswer: Answer;
let apiAnswer: Answer | undefined;
let proxy: HttpProxy;
let cluster: MiniKubernetes;
let servers: readonly ApiServer[];
let connection: KubeConnection;
let kube: KubeApi;
let compiled: CompiledConfig;
let gateway: Gateway;
const clock = { now: () => now };
const wire: string[] = [];
const peers = new Set<string>();
const log: string[] = [];
/** Returns what was logged since the last call. */
const newEntries = (): string => log.splice(0).join("");
const warnings: string[] = [];
const onWarning = (warning: Error): void => void warnings.push(inspect(warning, { depth: 12, showHidden: true }));

/** A server that records each request and sends the current answer. */
const noting =
  (answer: () => Answer) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on("error", () => {});
    const body = await text(request);
    wire.push(decodeURIComponent(request.url ?? ""), ...Object.values(request.headers).map(String), body);
    answer()(request, response, body);
  };

/** Forwards a request to the cluster. */
const passOn: Answer = ({ method, url, headers }, response, body) => {
  const { port } = new URL(cluster.url);
  forward({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  }).end(body);
};

beforeAll(async () => {
  process.on("warning", onWarning);
  folder = await mkdtemp(join(tmpdir(), "taffrail-secrets-"));
  const planted = JSON.stringify(clusterObjects())
    .replaceAll(`"${GATEWAY_TOKEN}"`, `"${SENT.gateway}"`)
    .replaceAll(`"${TOKENS.reader}"`, `"${SENT.goodCaller}"`);
  cluster = await startMiniKubernetes({ objects: JSON.parse(planted) });
  for (const [index, metric] of ["plain", "tunnelled", "untrusted"].entries()) {
    const uid = `00000000-0000-4000-8000-00000000000${index}`;
    cluster.put(analysisRun({ namespace: "shop", name: `uat.${metric}`, uid, metrics: [{ name: metric }] }));
  }
  const api = await startApiServer(noting(() => apiAnswer ?? passOn));
  const plain = await startApiServer(noting(() => storeAnswer));
  const tls = { ...SERVER_CERTIFICATE, ca: FIRST_CLIENT.cert, requestCert: true };
  const secure = await startApiServer((request, response) => {
    peers.add(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
    void noting(() => storeAnswer)(request, response);
  }, tls);
  servers = [api, plain, secure];
  proxy = await startHttpProxy();
  await writeFile(join(folder, "token"), SENT.fileToken);
  await writeFile(join(folder, "ca.crt"), SERVER_CERTIFICATE.cert);
  await writeFile(join(folder, "tls.crt"), FIRST_CLIENT.cert);
  await writeFile(join(folder, "tls.key"), FIRST_CLIENT.key);
  const kubeconfig = {
    clusters: [{ name: "c", cluster: { server: api.url } }],
    users: [{ name: "u", user: { token: SENT.gateway } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(join(folder, "kubeconfig"), stringify(kubeconfig));

  const path = "/${{ jobName }}.log?key=${{ key }}";
  const headers = { Authorization: "Bearer ${{ token }}", "X-Constant": SENT.header };
  const timeouts = { headers: "100ms", idle: "100ms" };
  const http = (origin: string, token: object, more: object = {}) => ({
    http: { url: `${origin}${path}`, headers, token, timeouts, ...more },
  });
  const files = { caFile: "ca.crt", certFile: "tls.crt", keyFile: "tls.key" };
  const port = (server: ApiServer): string => new URL(server.url).port;
  const config = {
    vars: { key: SENT.queryConstant },
    shutdown: { drain: "0ms" },
    sources: [
      {
        name: "plain",
        match: { metric: "plain" },
        ...http(plain.url, { file: "token" }),
      },
      {
        name: "tunnelled",
        match: { metric: "tunnelled" },
        ...http(`https://kubernetes.example:${port(secure)}`, { env: "STORE_TOKEN" }, { tls: files }),
      },
      { name: "untrusted", match: { metric: "untrusted" }, ...http(secure.url, { file: "token" }) },
    ],
  };
  const way = proxy.url.replace("://", `://me:${encodeURIComponent(SENT.proxyPassword)}@`);
  const env = { STORE_TOKEN: SENT.envToken, HTTP_PROXY: way, HTTPS_PROXY: way };
  compiled = parseConfig(JSON.stringify(config), { name: "taffrail.yaml", folder, env, clock });
  connection = await kubeconfigConnection(join(folder, "kubeconfig"), undefined, clock);
  kube = createKubeApi(connection, { sleep: async () => {} });
  gateway = await startGateway({
    compiled,
    kube,
    clock,
    log: createLog("trace", { write: (line) => void log.push(line) }),
    host: "127.0.0.1",
    port: 0,
    tls: { cert: WRONG_CERTIFICATE.cert, key: new Secret(WRONG_CERTIFICATE.key) },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([...(servers ?? []), proxy, cluster].map((each) => each?.close()));
  await rm(folder, { recursive: true });
  process.off("warning", onWarning);
});

/** Reads one log by every route and returns everything that was received. */
async function askEverywhere(name: string, token: string = SENT.goodCaller): Promise<string> {
  const baseUrl = `https://127.0.0.1:${gateway.address.port}`;
  const seen: unknown[] = [];
  for (const transport of [
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, nodeOptions: TRUST }),
    createGrpcTransport({ baseUrl, nodeOptions: TRUST }),
  ]) {
    // Lets everything cached by the previous call expire.
    now += 60_000;
    seen.push(await readLog(transport, { namespace: "shop", name }, as(token)));
  }
  for (const query of ["", "?errors=text"]) {
    now += 60_000;
    const headers = { authorization: `Bearer ${token}` };
    const asked = get(`${baseUrl}/raw/shop/${name}${query}`, { ...TRUST, headers, agent: false });
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const body = await text(response).catch((error: Error) => error.message);
    seen.push({ status: response.statusCode, headers: response.rawHeaders, trailers: response.rawTrailers, body });
  }
  return inspect(seen, { depth: 12, maxStringLength: null, maxArrayLength: null, breakLength: Infinity });
}

describe("no secret reaches a caller or the log", () => {
  const cases = ["plain", "tunnelled"].flatMap((metric) => Object.keys(STORE_ANSWERS).map((kind) => [metric, kind]));

  it.each(cases)("from the store %s that answers with: %s", async (metric, kind) => {
    storeAnswer = STORE_ANSWERS[kind ?? ""] as Answer;
    apiAnswer = undefined;
    const seen = await askEverywhere(`uat.${metric}`);
    expect(seen.includes("a log\\n"), "the log is returned only if the store sends it").toBe(kind === "log");
    expect(secretsIn(seen)).toEqual([]);
    const entries = newEntries();
    expect(entries).not.toBe("");
    expect(secretsIn(entries)).toEqual([]);
  });

  it("from a store with an untrusted certificate", async () => {
    const seen = await askEverywhere("uat.untrusted");
    expect(seen).toContain("TLS failed");
    expect(secretsIn(seen + newEntries())).toEqual([]);
  });

  it("from a proxy that refuses and echoes its credentials", async () => {
    proxy.verdict = `407 ${Buffer.from(`me:${SENT.proxyPassword}`).toString("base64")}`;
    const seen = await askEverywhere("uat.tunnelled");
    proxy.verdict = "200 OK";
    expect(seen).toContain("through the proxy");
    expect(secretsIn(seen + newEntries())).toEqual([]);
  });

  it.each(Object.keys(API_ANSWERS))("from an API server that answers with: %s", async (kind) => {
    apiAnswer = API_ANSWERS[kind];
    const seen = await askEverywhere("uat.plain");
    apiAnswer = undefined;
    expect(seen).toMatch(/KUBERNETES_(UNAVAILABLE|REFUSED)|TOKEN_REFUSED/);
    expect(secretsIn(seen + newEntries())).toEqual([]);
  });

  it("if the caller's token is unknown", async () => {
    const seen = await askEverywhere("uat.plain", SENT.badCaller);
    expect(seen).toContain("TOKEN_REFUSED");
    expect(secretsIn(seen + newEntries())).toEqual([]);
  });
});

describe("no secret is exposed", () => {
  const ask = async (path: string, headers: Readonly<Record<string, string>>, body?: string) => {
    const method = body === undefined ? "GET" : "POST";
    const url = `https://127.0.0.1:${gateway.address.port}${path}`;
    const asked = request(url, { ...TRUST, method, headers, agent: false }).end(body);
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return { head: response.rawHeaders, cookies: response.headers["set-cookie"] ?? [], body: await text(response) };
  };

  it("by a session or its errors", async () => {
    storeAnswer = STORE_ANSWERS.log as Answer;
    apiAnswer = undefined;
    now += 60_000;
    const json = { "content-type": "application/json" };
    const signedIn = await ask("/session", json, JSON.stringify({ token: SENT.goodCaller }));
    expect(signedIn.body).toContain("reader");
    const cookie = signedIn.cookies[0]?.split(";", 1)[0] ?? "";
    const read = await ask("/raw/shop/uat.plain", { cookie });
    expect(read.body).toBe("a log\n");
    const refused = await ask("/session", json, JSON.stringify({ token: SENT.badCaller }));
    expect(refused.body).toContain("TOKEN_REFUSED");
    const broken = await ask("/session", json, `{"token": "${SENT.badCaller}`);
    expect(broken.body).toContain("REQUEST_INVALID");
    const changed = await ask("/raw/shop/uat.plain", { cookie: `${cookie}x` });
    expect(changed.body).toContain("TOKEN_MISSING");
    expect(secretsIn(inspect([signedIn, read, refused, broken, changed], { depth: 5, maxStringLength: null }))).toEqual(
      [],
    );
    expect(secretsIn(newEntries())).toEqual([]);
  });

  it("by GetStatus", async () => {
    now += 60_000;
    const path = "/taffrail.v1.AnalysisRunLogService/GetStatus";
    const told = await ask(
      path,
      { "content-type": "application/json", authorization: `Bearer ${TOKENS.operator}` },
      "{}",
    );
    expect(told.body).toContain("X-Constant");
    expect(told.body).toContain("STORE_TOKEN");
    expect(secretsIn(inspect(told, { depth: 5, maxStringLength: null }) + newEntries())).toEqual([]);
  });
});

// Runs last: it checks the traffic and the warnings of all tests above.
describe("the secrets", () => {
  it("were sent to the servers that they are for", () => {
    const basic = proxy.credentials.map((each) => Buffer.from(each?.replace("Basic ", "") ?? "", "base64").toString());
    const sent = [...wire, ...basic].join("\n");
    const missing = Object.entries(SENT).filter(([, secret]) => !sent.includes(secret));
    expect(missing.map(([name]) => name)).toEqual([]);
    expect([...peers]).toContain("first");
  });

  it("appear in no inspected object and in no warning", async () => {
    const [plain, tunnelled] = compiled.sources;
    const credentials = [
      await connection.credentials(),
      await compiledHttp(plain).token?.(),
      await compiledHttp(tunnelled).token?.(),
      await compiledHttp(tunnelled).tls?.(),
    ];
    const held = { gateway, kube, connection, egress: compiled.egress, credentials };
    const options = {
      depth: 20,
      showHidden: true,
      getters: true,
      maxStringLength: null,
      maxArrayLength: null,
    } as const;
    expect(secretsIn(inspect(held, options) + JSON.stringify(credentials))).toEqual([]);
    expect(secretsIn(warnings.join())).toEqual([]);
  });
});

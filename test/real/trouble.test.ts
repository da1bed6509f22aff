import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { KubeConnection } from "../../src/kube/connection.ts";
import { createKubeApi, type KubeLimits } from "../../src/kube/kube-api.ts";
import { kubeconfigConnection } from "../../src/kube/kubeconfig.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type ApiServer, startApiServer } from "../fakes/api-server.ts";
import { SERVER_CERTIFICATE } from "../fakes/certificates.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { PROTOCOLS } from "../integration/protocols.ts";
import { as, errorOf, type ReadLog, readLog } from "../integration/read-log.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { type ApiFront, calm, startApiFront, type Trouble } from "./servers/api-front.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { startToxiproxy, type ToxicWay, type Toxiproxy } from "./servers/toxiproxy.ts";

const NAMESPACE = "trouble";
const LOG = "all is well again\n";
const DOWN = { code: "Unavailable", reason: "KUBERNETES_UNAVAILABLE" };

/** Long enough for cached decisions to expire. */
const FORGET_MS = 10_001;

describe("trouble with a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const port = Number(new URL(kubernetes.url).port);
  let toxiproxy: Toxiproxy;
  let way: ToxicWay;
  let front: ApiFront;
  let store: ApiServer;
  let run: MadeRun;
  let token: string;
  const tokens: Record<string, string> = {};
  const closing: (() => Promise<unknown>)[] = [];
  const perTest: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    toxiproxy = await startToxiproxy();
    closing.push(() => toxiproxy.server.stop());
    way = await toxiproxy.open("apiserver", port);
    front = await startApiFront(kubernetes);
    closing.push(() => front.close());
    store = await startApiServer((_, response) => response.end(LOG));
    closing.push(() => store.close());
    await createGatewayAccount(admin, "in-trouble");
    token = await admin.createToken("taffrail", "in-trouble", [API_AUDIENCE]);
    const project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.run", "uat", ["robot"]);
    tokens.reader = await project.addUser("reader", READER);
    tokens.stranger = await project.addUser("stranger", []);
  });
  afterEach(async () => {
    for (const close of perTest.splice(0).toReversed()) await close();
    front.trouble = calm;
    (front.requests as string[]).length = 0;
    await way.heal();
  });
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
    await admin.close();
  });

  /**
   * A gateway in this process, whose clock is set by the test. It does not wait between retries, but records how long
   * it would have waited.
   */
  async function gatewayAt(server: string, options: Partial<KubeConnection> & { readonly limits?: KubeLimits } = {}) {
    const { limits, ...connection } = options;
    const waits: number[] = [];
    let now = Date.now();
    const clock = { now: () => now };
    const ca = `${kubernetes.ca}\n${SERVER_CERTIFICATE.cert}`;
    const credentials = async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca } });
    const sources = [{ name: "archive", http: { url: `${store.url}/\${{ project }}/\${{ jobName }}` } }];
    const gateway = await startGateway({
      compiled: parseConfig(JSON.stringify({ sources, shutdown: { drain: "0ms" } }), {
        name: "taffrail.yaml",
        folder: ".",
        env: {},
        clock,
      }),
      kube: createKubeApi(
        { server, credentials, ...connection },
        { sleep: async (ms) => void waits.push(ms), ...limits },
      ),
      clock,
      log: createLog("trace", { write: () => {} }),
      host: "127.0.0.1",
      port: 0,
      tls: undefined,
    });
    perTest.push(() => gateway.stop());
    const url = `http://127.0.0.1:${gateway.address.port}`;
    const transport = createGrpcTransport({ baseUrl: url });
    return {
      url,
      transport,
      waits,
      forget: () => {
        now += FORGET_MS;
      },
      read: (who = "reader", by = transport): Promise<ReadLog> =>
        readLog(by, { namespace: NAMESPACE, name: run.name }, as(tokens[who] ?? "")),
      raw: async (who = "reader") => {
        const headers = { authorization: `Bearer ${tokens[who]}` };
        const answer = await fetch(`${url}/raw/${NAMESPACE}/${run.name}`, { headers });
        return { status: answer.status, text: await answer.text() };
      },
    };
  }
  type TestGateway = Awaited<ReturnType<typeof gatewayAt>>;
  const throughToxiproxy = (limits: KubeLimits = {}) => gatewayAt(`https://127.0.0.1:${way.port}`, { limits });

  /** Expects that every caller gets this error by every route, and that no log is requested. */
  async function expectDown(gateway: TestGateway, callers: readonly string[] = ["reader", "stranger"]): Promise<void> {
    const asked = store.requests.length;
    for (const who of callers) {
      for (const protocol of PROTOCOLS) {
        const { transport, close } = protocol.open(gateway.url);
        const { kinds, error } = await gateway.read(who, transport);
        expect([protocol.name, kinds, error]).toMatchObject([protocol.name, [], DOWN]);
        expect(error?.whole).not.toMatch(/127\.0\.0|https?:|ECONN|UND_|tokenreviews|serviceaccount/);
        const client = createClient(AnalysisRunLogService, transport);
        expect(await errorOf(client.listProjects({}, as(tokens[who] ?? "")))).toMatchObject(DOWN);
        close();
      }
      expect(await gateway.raw(who)).toMatchObject({
        status: 503,
        text: expect.stringContaining("(KUBERNETES_UNAVAILABLE)"),
      });
    }
    expect(store.requests.length).toBe(asked);
  }

  async function expectWell(gateway: TestGateway): Promise<void> {
    expect(await gateway.read()).toMatchObject({ text: LOG, error: undefined });
    expect((await gateway.read("stranger")).error).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
  }

  it("is not reported while it is only slow", async () => {
    const gateway = await throughToxiproxy();
    await way.add({ type: "latency", attributes: { latency: 50, jitter: 50 } });
    await expectWell(gateway);
    expect(gateway.waits).toEqual([]);
  });

  it("is reported while it is down, once cached reads have expired, and ends when it is up again", async () => {
    const gateway = await throughToxiproxy();
    await expectWell(gateway);
    await way.cut();
    // A finished run is kept for ten seconds, as are access decisions.
    expect(await gateway.read()).toMatchObject({ text: LOG, error: undefined });
    expect((await gateway.read("stranger")).error).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
    gateway.forget();
    await expectDown(gateway);
    await way.heal();
    await expectWell(gateway);
  });

  it("is reported without a retry when it stops responding: the caller has waited long enough", async () => {
    const gateway = await throughToxiproxy({ answerMs: 150 });
    await expectWell(gateway);
    gateway.forget();
    await way.add({ type: "timeout", attributes: { timeout: 0 } });
    expect((await gateway.read()).error).toMatchObject(DOWN);
    expect(gateway.waits).toEqual([]);
    await way.heal();
    await expectWell(gateway);
  });

  it("heals itself where only a connection has died, as when a firewall dropped it", async () => {
    const proxy = await startCuttingProxy(port, []);
    perTest.push(() => proxy.close());
    const gateway = await gatewayAt(`https://127.0.0.1:${proxy.port}`, { limits: { answerMs: 150 } });
    await expectWell(gateway);
    gateway.forget();
    proxy.freeze();
    expect((await gateway.read()).error).toMatchObject(DOWN);
    await vi.waitFor(() => expectWell(gateway), 20_000);
  });

  it.each([
    ["reset", { type: "reset_peer", attributes: { timeout: 0 } } as const],
    ["ended in the middle of answers", { type: "limit_data", attributes: { bytes: 4_000 } } as const],
  ])("is reported when connections are %s", async (_, toxic) => {
    const gateway = await throughToxiproxy();
    await way.add(toxic);
    expect((await gateway.read()).error).toMatchObject(DOWN);
    expect(await gateway.raw()).toMatchObject({ status: 503 });
    expect(gateway.waits.length).toBeGreaterThanOrEqual(3);
    await way.heal();
    await expectWell(gateway);
  });

  const answers = (status: number, headers: Record<string, string> = {}, body = "{}") =>
    ((response) => void response.writeHead(status, headers).end(body)) satisfies ReturnType<Trouble>;

  it.each([500, 502, 503, 504])("is reported after four tries when it answers %i", async (status) => {
    const gateway = await gatewayAt(front.url);
    front.trouble = () => answers(status);
    expect((await gateway.read()).error).toMatchObject(DOWN);
    expect(front.requests).toHaveLength(4);
    expect(gateway.waits).toHaveLength(3);
    await expectDown(gateway);
    front.trouble = calm;
    await expectWell(gateway);
  });

  it("is hidden by waiting as long as a 429 asks", async () => {
    const gateway = await gatewayAt(front.url);
    const seen = new Set<string>();
    front.trouble = (path, { method }) => {
      const key = `${method} ${path}`;
      if (seen.has(key)) return undefined;
      seen.add(key);
      return answers(429, { "retry-after": "1" });
    };
    expect(await gateway.read()).toMatchObject({ text: LOG, error: undefined });
    expect(gateway.waits.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...gateway.waits)).toBeGreaterThanOrEqual(1_000);
  });

  it("is reported at once when a 429 asks for a minute", async () => {
    const gateway = await gatewayAt(front.url);
    front.trouble = () => answers(429, { "retry-after": "60" });
    expect((await gateway.read()).error).toMatchObject(DOWN);
    expect(front.requests).toHaveLength(1);
    await expectDown(gateway);
  });

  it.each([
    ["token reviews fail", "tokenreviews", 500, "{}"],
    ["token reviews are no reviews", "tokenreviews", 201, '{"status":{"authenticated":"true"}}'],
    ["access reviews fail", "subjectaccessreviews", 500, "{}"],
    ["access reviews are nothing", "subjectaccessreviews", 201, "{}"],
    ["access reviews say yes in other words", "subjectaccessreviews", 201, '{"status":{"allowed":"true"}}'],
    ["access reviews are not known", "subjectaccessreviews", 404, "{}"],
  ])("admits nobody when %s", async (_, plural, status, body) => {
    const gateway = await gatewayAt(front.url);
    front.trouble = (path) => (path.endsWith(`/${plural}`) ? answers(status, {}, body) : undefined);
    await expectDown(gateway);
    front.trouble = calm;
    await expectWell(gateway);
    // That decision does not remain in force.
    gateway.forget();
    front.trouble = (path) => (path.endsWith(`/${plural}`) ? answers(status, {}, body) : undefined);
    await expectDown(gateway);
  });

  it("says that the server's own account is denied, and admits nobody", async () => {
    const gateway = await gatewayAt(front.url, {
      credentials: async () => ({ headers: { authorization: "Bearer nobody" }, tls: { ca: SERVER_CERTIFICATE.cert } }),
    });
    for (const who of ["reader", "stranger"]) {
      expect((await gateway.read(who)).error).toMatchObject({ code: "Internal", reason: "KUBERNETES_REFUSED" });
      expect(await gateway.raw(who)).toMatchObject({ status: 502 });
    }
  });

  it("of many strangers does not affect others at the same time", async () => {
    const gateway = await gatewayAt(front.url);
    // More are refused without a review.
    const strangers = Array.from({ length: 50 }, (_, index) => `made.up.token-${index}`);
    const release = Promise.withResolvers<void>();
    const all = Promise.withResolvers<void>();
    let held = 0;
    front.trouble = (path) => {
      if (!path.endsWith("/tokenreviews") || held === strangers.length) return undefined;
      held += 1;
      if (held === strangers.length) all.resolve();
      return async (response) => {
        await release.promise;
        answers(201, {}, '{"status":{"user":{}}}')(response);
      };
    };
    const ref = { namespace: NAMESPACE, name: run.name };
    const reading = strangers.map((each) => readLog(gateway.transport, ref, as(each)));
    await all.promise;
    await expectWell(gateway);
    release.resolve();
    const reasons = (await Promise.all(reading)).map(({ error }) => error?.reason);
    expect(reasons).toEqual(strangers.map(() => "TOKEN_REFUSED"));
  });

  it("does not arise from a new certificate of a trusted authority", async () => {
    const key = await readFile(join(dirname(kubernetes.auditLog), "certificates", "apiserver.key"), "utf8");
    const gateway = await gatewayAt(front.url);
    await expectWell(gateway);
    gateway.forget();
    front.rotate({ cert: kubernetes.ca, key });
    perTest.push(async () => front.rotate(SERVER_CERTIFICATE));
    await expectWell(gateway);
  });

  it("is reported while its certificate is not trusted", async () => {
    const key = await readFile(join(dirname(kubernetes.auditLog), "certificates", "apiserver.key"), "utf8");
    let ca = SERVER_CERTIFICATE.cert;
    const credentials = async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca } });
    const gateway = await gatewayAt(front.url, { credentials });
    await expectWell(gateway);
    gateway.forget();
    front.rotate({ cert: kubernetes.ca, key });
    perTest.push(async () => front.rotate(SERVER_CERTIFICATE));
    await expectDown(gateway);
    ca = kubernetes.ca;
    await expectWell(gateway);
  });

  it("ends within ten seconds after the gateway's token file was rotated", async () => {
    const file = join(inject("folder"), "trouble-kubeconfig");
    const tokenFile = join(inject("folder"), "trouble-token");
    await createGatewayAccount(admin, "rotated");
    await writeFile(tokenFile, await admin.createToken("taffrail", "rotated", [API_AUDIENCE]));
    const cluster = {
      server: kubernetes.url,
      "certificate-authority-data": Buffer.from(kubernetes.ca).toString("base64"),
    };
    const kubeconfig = {
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { tokenFile } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await writeFile(file, JSON.stringify(kubeconfig));
    let now = Date.now();
    const { credentials } = await kubeconfigConnection(file, undefined, { now: () => now });
    const gateway = await gatewayAt(kubernetes.url, { credentials });
    await expectWell(gateway);
    await admin.request("DELETE", "/api/v1/namespaces/taffrail/serviceaccounts/rotated");
    await writeFile(tokenFile, token);
    gateway.forget();
    now += FORGET_MS;
    await expectWell(gateway);
  });
});

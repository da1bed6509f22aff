import { createClient } from "@connectrpc/connect";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  AnalysisRunLogService,
  AnalysisRunChangeKind as Kind,
  type WatchAnalysisRunsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createKubeApi, type KubeApi } from "../../src/kube/kube-api.ts";
import { type Gateway, startGateway } from "../../src/server/gateway.ts";
import { type Forwarder, startForwarder } from "../fakes/forwarder.ts";
import { PROTOCOLS } from "../integration/protocols.ts";
import { as, errorOf } from "../integration/read-log.ts";
import { READER, type Rules, TestProject } from "./project.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const NAMESPACE = "watched-runs";
const ACCOUNT = "with-watches";
const WATCHER: Rules = READER.map((rule) => ({ ...rule, verbs: [...rule.verbs, "watch"] }));

/** `list x`, `modified x`. */
function inShort({ event }: WatchAnalysisRunsResponse): string {
  if (event.case === "list") return ["list", ...event.value.analysisRuns.map(({ name }) => name)].join(" ");
  const names = new Map(Object.entries(Kind).map(([name, value]) => [value as Kind, name.toLowerCase()]));
  if (event.case !== "changes") return "";
  return event.value.changes.map(({ kind, analysisRun }) => `${names.get(kind)} ${analysisRun?.name}`).join(", ");
}

describe.each(PROTOCOLS)("watched runs of a real API server over $name", (protocol) => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const namespace = `${NAMESPACE}-${PROTOCOLS.indexOf(protocol)}`;
  const account = `${ACCOUNT}-${PROTOCOLS.indexOf(protocol)}`;
  let project: TestProject;
  let forwarder: Forwarder;
  let direct: KubeApi;
  let watching: KubeApi;
  let gateway: Gateway;
  let way: ReturnType<typeof protocol.open>;
  let watcher: string;
  let reader: string;

  beforeAll(async () => {
    project = await TestProject.create(admin, namespace, inject("store").files);
    await project.addStage("uat");
    watcher = await project.addUser("watcher", WATCHER);
    reader = await project.addUser("reader", READER);
    await createGatewayAccount(admin, account);
    const token = await admin.createToken("taffrail", account, [API_AUDIENCE]);
    const credentials = async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: kubernetes.ca } });
    forwarder = await startForwarder(kubernetes.url, kubernetes.ca);
    direct = createKubeApi({ server: kubernetes.url, credentials });
    watching = createKubeApi({ server: forwarder.url, credentials });
    gateway = await startGateway({
      compiled: parseConfig("{}", { name: "t.yaml", folder: ".", env: {}, clock: systemClock }),
      kube: { ...direct, watch: watching.watch },
      clock: systemClock,
      log: pino({ level: "silent" }),
      host: "127.0.0.1",
      port: 0,
      tls: undefined,
    });
    way = protocol.open(`http://127.0.0.1:${gateway.address.port}`);
  });

  afterAll(async () => {
    way?.close();
    void gateway?.stop();
    await gateway?.stop();
    await watching?.close();
    await forwarder?.close();
    await admin.close();
  });

  const client = () => createClient(AnalysisRunLogService, way.transport);
  const watch = (token: string) => {
    const leave = new AbortController();
    const options = { ...as(token), signal: leave.signal };
    const messages = client().watchAnalysisRuns({ namespace, stage: "uat" }, options)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      for (;;) {
        const told = inShort((await messages.next()).value as WatchAnalysisRunsResponse);
        if (told !== "") return told;
      }
    };
    return { next, leave: () => leave.abort() };
  };
  const pathOf = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/analysisruns/${name}`;
  const setPhase = async (name: string, phase: string) => {
    const { body } = await admin.request("GET", pathOf(name));
    const run = body as KubeObject & { readonly status: object };
    await admin.replace({ ...run, status: { ...run.status, phase } });
  };

  it("are sent once per change, although the connection breaks and the version is too old", async () => {
    await project.addRun("first", "uat", ["robot"], { phase: "Running" });
    const { next, leave } = watch(watcher);
    expect(await next()).toBe("list first");
    await setPhase("first", "Failed");
    expect(await next()).toBe("modified first");
    await project.addRun("second", "uat", ["robot"], { phase: "Running" });
    // Its status follows as one or two changes.
    for (let told = await next(); told !== "modified second"; told = await next()) expect(told).toBe("added second");

    let isFirst = true;
    forwarder.rewrite((path) => {
      if (!isFirst || !path.includes("watch=true")) return path;
      isFirst = false;
      return path.replace(/resourceVersion=\d+/, "resourceVersion=1");
    });
    forwarder.cut();
    await admin.request("DELETE", pathOf("first"));
    await setPhase("second", "Error");
    const told: string[] = [];
    while (told.length < 2) told.push(...(await next()).split(", "));
    expect(told.toSorted()).toEqual(["deleted first", "modified second"]);
    expect(isFirst).toBe(false);
    leave();
  }, 30_000);

  it("are denied to callers who may only list", async () => {
    expect(await errorOf(watch(reader).next())).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
  });

  it("use an account whose permissions are reported only to operators", async () => {
    expect(await errorOf(client().getStatus({}, as(watcher)))).toMatchObject({ reason: "ACCESS_DENIED" });
    const { rights } = await client().getStatus({}, as(kubernetes.adminToken));
    expect(rights).toHaveLength(8);
    expect(rights.filter(({ allowed }) => !allowed)).toEqual([]);
  });

  it("may be listed with a session that a token of the cluster started", async () => {
    const url = `http://127.0.0.1:${gateway.address.port}/session`;
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ token: watcher }) });
    expect(await response.json()).toMatchObject({ username: `system:serviceaccount:${namespace}:watcher` });
    const cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    const options = { headers: { cookie, "sec-fetch-site": "same-origin" } };
    expect((await client().listAnalysisRuns({ namespace }, options)).analysisRuns.map(({ name }) => name)).toContain(
      "second",
    );
  });
});

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { ANALYSIS_RUNS } from "../../src/kube/resources.ts";
import { type MadeRun, READER, type Rules, TestProject } from "./project.ts";
import { rightsGranted, rightsUsed } from "./rights.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { GATEWAY_USERNAME } from "./servers/gateway-account.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const LOG = "step 1: ok\nstep 2: 503 Service Unavailable, Größe 0\n";

describe("a gateway with its own account on a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let gateway: Gateway;
  let run: MadeRun;
  let otherRun: MadeRun;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    gateway = await startGateway({
      folder: inject("folder"),
      config: `
sources:
  - name: archive
    http: { url: "${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log" }
`,
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
    });
    const project = await TestProject.create(admin, "orders", inject("store").files);
    const elsewhere = await TestProject.create(admin, "elsewhere", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", ["robot"]);
    otherRun = await project.addRun("uat.second", "uat", ["robot"]);
    for (const { jobOf } of [run, otherRun]) await project.storeLog(jobOf("robot"), LOG);

    const byName: Rules = [
      { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get"], resourceNames: [run.name] },
      { apiGroups: ["kargo.akuity.io"], resources: ["stages"], verbs: ["get"], resourceNames: ["uat"] },
    ];
    tokens.reader = await project.addUser("reader", READER);
    tokens.elsewhere = await elsewhere.addUser("reader", READER);
    tokens.byName = await project.addUser("by-name", byName);
    tokens.runsOnly = await project.addUser("runs-only", READER.slice(0, 1));
    tokens.nobody = await project.addUser("nobody", []);
    tokens.otherAudience = await admin.createToken("orders", "reader", ["https://vault.example.com"]);
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await admin.close();
  });

  const client = () => createClient(AnalysisRunLogService, createGrpcTransport({ baseUrl: gateway.url }));
  const as = (token: string | undefined) => ({ headers: { authorization: `Bearer ${token}` } });

  async function readLog(token: string | undefined, name: string, namespace = "orders") {
    let text = "";
    let end: EndReason | undefined;
    for await (const { chunk, event } of client().getAnalysisRunLogs({ namespace, name }, as(token))) {
      text += chunk;
      if (event.case === "end") end = event.value.reason;
    }
    return { text, end };
  }

  async function refusal(call: Promise<unknown>) {
    const error = ConnectError.from(
      await call.then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    return { code: error.code, message: error.rawMessage, reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
  }

  it("sends a log to a user who may read the project's runs and Stages", async () => {
    expect(await readLog(tokens.reader, run.name)).toEqual({ text: LOG, end: EndReason.COMPLETE });
  });

  it("lists the runs and the project for that user", async () => {
    const { analysisRuns } = await client().listAnalysisRuns({ namespace: "orders" }, as(tokens.reader));
    expect(analysisRuns.map(({ name }) => name).toSorted()).toEqual([run.name, otherRun.name]);
    const { projects } = await client().listProjects({}, as(tokens.reader));
    expect(projects.map(({ name }) => name)).toEqual(["orders"]);
  });

  it("sends that user the run as a tree", async () => {
    const { analysisRun } = await client().getAnalysisRun({ namespace: "orders", name: run.name }, as(tokens.reader));
    expect(analysisRun).toMatchObject({
      uid: run.uid,
      defaultSelection: { metricName: "robot", attempt: 1, containerName: "main" },
    });
  });

  it("sends a user who may read one run by name that run only", async () => {
    expect((await readLog(tokens.byName, run.name)).text).toBe(LOG);
    expect(await refusal(readLog(tokens.byName, otherRun.name))).toMatchObject({
      code: Code.PermissionDenied,
      reason: "ACCESS_DENIED",
    });
  });

  it.each(["elsewhere", "nobody", "runsOnly"])(
    "denies %s in the same words whether or not the run and the project exist",
    async (user) => {
      const there = await refusal(readLog(tokens[user], run.name));
      expect(there).toMatchObject({ code: Code.PermissionDenied, reason: "ACCESS_DENIED" });
      // A caller who may read runs is told which exist. The account runs-only may not read the Stage.
      if (user !== "runsOnly") expect(await refusal(readLog(tokens[user], "no-such-run"))).toEqual(there);
      const nowhere = await refusal(readLog(tokens[user], run.name, "no-such-project"));
      expect(nowhere).toEqual({ ...there, message: there.message.replace("orders", "no-such-project") });
    },
  );

  it("lists no project that a user may not read", async () => {
    expect((await client().listProjects({}, as(tokens.nobody))).projects).toEqual([]);
    expect((await client().listProjects({}, as(tokens.elsewhere))).projects.map(({ name }) => name)).toEqual([
      "elsewhere",
    ]);
  });

  it("rejects a token for another audience, an unknown token and a missing one", async () => {
    expect(await refusal(readLog(tokens.otherAudience, run.name))).toMatchObject({ code: Code.Unauthenticated });
    expect(await refusal(readLog("made.up.token", run.name))).toMatchObject({ code: Code.Unauthenticated });
    const anonymous = client().getAnalysisRun({ namespace: "orders", name: run.name });
    expect(await refusal(anonymous)).toMatchObject({ code: Code.Unauthenticated });
  });

  it("may watch a run", async () => {
    const token = await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]);
    const kube = createKubeApi({
      server: kubernetes.url,
      credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: kubernetes.ca } }),
    });
    const leave = new AbortController();
    const sets = kube.watch(ANALYSIS_RUNS, "orders", { name: run.name }, leave.signal)[Symbol.asyncIterator]();
    expect((await sets.next()).value).toMatchObject([{ metadata: { uid: run.uid } }]);
    const path = `/apis/argoproj.io/v1alpha1/namespaces/orders/analysisruns/${run.name}`;
    const { body } = await admin.request("GET", path);
    await admin.request("PUT", path, {
      ...(body as object),
      metadata: { ...(body as KubeObject).metadata, labels: {} },
    });
    expect((await sets.next()).value).toMatchObject([{ metadata: { uid: run.uid } }]);
    leave.abort();
    await kube.close();
  });

  // Runs last: it checks everything that the gateways did.
  it("needs exactly the permissions in deploy/cluster-role.yaml", async () => {
    const { used, refused } = await rightsUsed(kubernetes.auditLog, GATEWAY_USERNAME);
    const granted = await rightsGranted("cluster-role.yaml");
    expect(refused).toEqual([]);
    expect(used).toEqual(granted);
  });
});

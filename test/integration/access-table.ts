import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { type ApiServer, startApiServer } from "../fakes/api-server.ts";
import { stageObject } from "../fakes/stage.ts";
import {
  ACCESS_ROWS,
  type AccessRow,
  type Caller,
  ELSEWHERE,
  GROUPED_TEAM,
  type Grant,
  PROJECT,
  RUNS,
  type Sight,
  TEAM,
} from "./access-rows.ts";
import { analysisRun } from "./objects.ts";
import { as, errorOf, readLog } from "./read-log.ts";

/** A cluster to run the table against. */
export interface Ground {
  /** Creates an object or, if it has a `resourceVersion`, replaces it. Returns the cluster's version of it. */
  put(object: KubeObject): Promise<KubeObject>;
  /** A token of this caller. A ServiceAccount already exists. */
  tokenOf(caller: Caller): Promise<string>;
  /** Starts a gateway with this `taffrail.yaml`, under an account that has the roles in `deploy/`. */
  startGateway(config: object): Promise<{ readonly url: string; stop(): Promise<void> }>;
  /** Sends a request to the cluster's API server. */
  request(token: string, method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<ApiAnswer>;
  /** The token of the gateways' account. */
  gatewayToken(): Promise<string>;
  close(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

const RBAC = "rbac.authorization.k8s.io/v1";
const GROUP = "rbac.authorization.k8s.io";
const LOG = "for those who may\n";

/** Creates the objects of the rows. Returns the token of each row's caller. */
export async function arrangeAccess(ground: Ground): Promise<ReadonlyMap<AccessRow, string>> {
  const project = { "kargo.akuity.io/project": "true" };
  for (const [name, labels] of [[PROJECT, project], [ELSEWHERE, project], [TEAM], [GROUPED_TEAM]] as const) {
    await ground.put({ apiVersion: "v1", kind: "Namespace", metadata: { name, ...(labels && { labels }) } });
  }
  for (const name of ["uat", "prod"]) await ground.put(stageObject(PROJECT, name));
  for (const name of RUNS) {
    const ref = { namespace: PROJECT, name };
    const { status: _, ...bare } = analysisRun({ ...ref, uid: "", metrics: [{}] });
    const { uid: _none, ...metadata } = bare.metadata;
    // The cluster chooses the uid, and the names of the run's Jobs begin with it.
    const made = await ground.put({ ...bare, metadata });
    const { status } = analysisRun({ ...ref, uid: String(made.metadata.uid), metrics: [{}] });
    await ground.put({ ...made, status });
  }
  const tokens = new Map<AccessRow, string>();
  for (const [index, row] of ACCESS_ROWS.entries()) {
    if ("account" in row.caller) {
      const { account: name, namespace } = row.caller;
      await ground.put({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
    }
    for (const grant of row.grants) await give(ground, `${PROJECT}-${index}`, row.caller, grant);
    tokens.set(row, await ground.tokenOf(row.caller));
  }
  return tokens;
}

async function give(ground: Ground, name: string, caller: Caller, grant: Grant): Promise<void> {
  const { rules, by = "role", namespace = PROJECT, to } = grant;
  const kind = by === "role" ? "Role" : "ClusterRole";
  const within = { name, namespace };
  if (by === "aggregated") {
    const labels = { "taffrail.test/aggregate": name };
    await ground.put({ apiVersion: RBAC, kind, metadata: { name: `${name}-part`, labels }, rules });
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] };
    // Without a controller manager, nobody aggregates the rules, so this does.
    await ground.put({ apiVersion: RBAC, kind, metadata: { name }, aggregationRule, rules });
  } else {
    await ground.put({ apiVersion: RBAC, kind, metadata: by === "role" ? within : { name }, rules });
  }
  const subject =
    to ??
    ("account" in caller
      ? { kind: "ServiceAccount", name: caller.account, namespace: caller.namespace }
      : { kind: "User", name: caller.user });
  await ground.put({
    apiVersion: RBAC,
    kind: by === "everywhere" ? "ClusterRoleBinding" : "RoleBinding",
    metadata: by === "everywhere" ? { name } : within,
    roleRef: { apiGroup: GROUP, kind, name },
    subjects: [{ ...subject, ...(subject.kind !== "ServiceAccount" && { apiGroup: GROUP }) }],
  });
}

/** Checks every row by RPC and on the raw route, with and without `access.subresource: log`. */
export function testAccessTable(ground: () => Ground, tokens: () => ReadonlyMap<AccessRow, string>): void {
  describe.each([
    { setting: "as it is by default", config: {}, sightOf: (row: AccessRow) => row.sees },
    {
      setting: "with access.subresource: log",
      config: { access: { subresource: "log" } },
      sightOf: (row: AccessRow) => row.seesByLog,
    },
  ])("$setting", ({ config, sightOf }) => {
    let store: ApiServer;
    let gateway: Awaited<ReturnType<Ground["startGateway"]>>;
    let transport: Transport;

    beforeAll(async () => {
      store = await startApiServer((_, response) => response.end(LOG));
      const sources = [{ name: "archive", http: { url: `${store.url}/\${{ project }}/\${{ jobName }}` } }];
      gateway = await ground().startGateway({ sources, shutdown: { drain: "0ms" }, ...config });
      transport = createGrpcTransport({ baseUrl: gateway.url });
    });
    afterAll(async () => {
      await gateway?.stop();
      await store?.close();
    });

    it.each(ACCESS_ROWS)("RBAC decides about $who", async (row) => {
      const token = tokens().get(row) ?? "";
      expect(await sightOfCaller(transport, gateway.url, token)).toEqual(sorted(sightOf(row)));
    });
  });
}

/**
 * What a caller sees by every route. Throws if two routes differ, or if a refusal is not the expected one.
 */
async function sightOfCaller(transport: Transport, url: string, token: string): Promise<Sight> {
  const client = createClient(AnalysisRunLogService, transport);
  const options = as(token);
  const denied = { code: "PermissionDenied", reason: "ACCESS_DENIED" };
  const reads: string[] = [];
  for (const name of RUNS) {
    const ref = { namespace: PROJECT, name };
    const log = await readLog(transport, ref, options);
    const raw = await fetch(`${url}/raw/${PROJECT}/${name}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await raw.text();
    if (log.error === undefined) {
      expect([log.text, raw.status, text]).toEqual([LOG, 200, LOG]);
      expect((await client.getAnalysisRun(ref, options)).analysisRun?.summary?.name).toBe(name);
      expect(await watchedAt(client, ref, options)).toEqual([name]);
      reads.push(name);
    } else {
      expect(log.error).toMatchObject(denied);
      expect([log.text, raw.status, text]).toEqual(["", 403, expect.stringContaining("(ACCESS_DENIED)")]);
      expect(await errorOf(client.getAnalysisRun(ref, options))).toMatchObject(denied);
      // A caller who may read the run but not its Stage watches nothing, as if there were no such run.
      const watched = await watchedAt(client, ref, options).catch((error: unknown) => errorOf(Promise.reject(error)));
      if (!Array.isArray(watched)) expect(watched).toMatchObject(denied);
      else expect(watched).toEqual([]);
    }
  }
  const listing = client.listAnalysisRuns({ namespace: PROJECT }, options);
  const lists = await listing.then(
    ({ analysisRuns }) => analysisRuns.map(({ name }) => name),
    () => undefined,
  );
  if (lists === undefined) expect(await errorOf(listing)).toMatchObject(denied);
  const projects = (await client.listProjects({}, options)).projects.map(({ name }) => name);
  // Other tests may share the cluster.
  return sorted({ reads, lists, projects: projects.filter((name) => name === PROJECT || name === ELSEWHERE) });
}

/** The runs in the first message of a watch of one run. */
async function watchedAt(
  client: Client<typeof AnalysisRunLogService>,
  ref: { readonly namespace: string; readonly name: string },
  options: CallOptions,
): Promise<readonly string[]> {
  const leave = new AbortController();
  try {
    for await (const { event } of client.watchAnalysisRuns(ref, { ...options, signal: leave.signal })) {
      if (event.case === "list") return event.value.analysisRuns.map(({ name }) => name);
    }
    return [];
  } finally {
    leave.abort();
  }
}

function sorted({ reads, lists, projects }: Sight): Sight {
  return { reads: reads.toSorted(), lists: lists?.toSorted(), projects: projects.toSorted() };
}

import { afterAll, afterEach, beforeAll } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type ApiServer, passOn, sendJson, startApiServer } from "../fakes/api-server.ts";
import { type MadePod, podName, podObject } from "../fakes/pods.ts";
import { type Answer, type ScriptedStore, startScriptedStore } from "../fakes/scripted-store.ts";
import { analysisRun, clusterObjects, GATEWAY_TOKEN, jobName, type MadeMetric } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { type ReadLog, readLog } from "./read-log.ts";
import type { LogEntry } from "./world.ts";

/** A run with one metric. */
export interface PodRun {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The name of the run's Job. */
  readonly job: string;
}

/** A gateway with two sources: the pods of a small cluster, and a store of archived logs. */
export interface PodWorld {
  readonly url: string;
  readonly cluster: MiniKubernetes;
  /** The API server in front of the cluster, whose answers for pods' logs are set by the test. */
  readonly api: ApiServer;
  readonly store: ScriptedStore;
  readonly log: readonly LogEntry[];
  /** Creates a run of one job metric. Default: it failed long ago. */
  addRun(metric?: MadeMetric): PodRun;
  /**
   * Creates a pod of a run's Job, and sets the API server's answer to requests for its log. Default: the log
   * `live log of SUFFIX`.
   */
  addPod(run: PodRun, pod?: Partial<MadePod>, answer?: Answer): string;
  /** Puts a log of a run's container into the store. */
  archive(run: PodRun, answer: Answer, container?: string): void;
  /** Reads a log as a permitted user. */
  read(run: PodRun, request?: Parameters<typeof readLog>[1]): Promise<ReadLog>;
  /** The transport to the gateway. */
  readonly transport: ReturnType<(typeof PROTOCOLS)[number]["open"]>["transport"];
}

/** Answers with a Status object. */
export function says(code: number, message: string): Answer {
  return (response) => sendJson(response, code, { kind: "Status", status: "Failure", message, code });
}

/** The requests for a log. */
export function logRequests(requests: readonly string[]): readonly string[] {
  return requests.filter((each) => /\/log(\?|$)/.test(each));
}

/** Starts a world for all tests of a file. `api.requests` is emptied before each test. */
export function usePodWorld({
  sources = ["pods", "archive"],
  more = async () => [],
}: {
  readonly sources?: readonly string[];
  /** Returns the settings of more sources, which are asked after those. Default: none. */
  readonly more?: () => Promise<readonly object[]>;
} = {}): () => PodWorld {
  let world: (PodWorld & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    world = await startPodWorld(sources, await more());
  });
  afterEach(() => void (world?.api.requests as string[] | undefined)?.splice(0));
  afterAll(() => world?.close());
  return () => {
    if (world === undefined) throw new Error("The world has not been started yet.");
    return world;
  };
}

async function startPodWorld(
  sources: readonly string[],
  more: readonly object[],
): Promise<PodWorld & { close(): Promise<void> }> {
  const store = await startScriptedStore();
  const cluster = await startMiniKubernetes({
    objects: clusterObjects(),
    podLog: async ({ pod }) => ({ chunks: () => [Buffer.from(`live log of ${pod.slice(-5)}\n`)] }),
  });
  const answers = new Map<string, Answer>();
  const api = await startApiServer((request, response) => {
    const answer = answers.get((request.url ?? "").split("?", 1)[0] ?? "");
    if (answer === undefined) passOn(cluster.url, request, response);
    else answer(response, request);
  });
  const known: Record<string, object> = {
    pods: { kubernetes: {} },
    archive: { http: { url: `${store.origin}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } },
  };
  const config = {
    // Jobs may run there too.
    jobNamespaces: ["elsewhere"],
    sources: [...sources.map((name) => ({ name, ...known[name] })), ...more],
    shutdown: { drain: "0ms" },
  };
  const clock = { now: () => Date.parse("2026-01-02T00:00:00Z") };
  const log: LogEntry[] = [];
  const gateway = await startGateway({
    compiled: parseConfig(JSON.stringify(config), { name: "taffrail.yaml", folder: ".", env: {}, clock }),
    kube: createKubeApi({
      server: api.url,
      credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
    }),
    clock,
    log: createLog("trace", { write: (line) => void log.push(JSON.parse(line) as LogEntry) }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
  const url = `http://127.0.0.1:${gateway.address.port}`;
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const way = protocol.open(url);
  let runs = 0;

  return {
    url,
    cluster,
    api,
    store,
    log,
    transport: way.transport,
    addRun(metric = {}) {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const ref = { namespace: "shop", name: `uat.run-${runs}` };
      cluster.put(analysisRun({ ...ref, uid, metrics: [metric] }));
      return { ...ref, uid, job: metric.job?.name ?? jobName(uid, metric.name ?? "checks") };
    },
    addPod({ uid, job }, pod = {}, answer) {
      const made = { uid, job, spec: { nodeName: "node-1" }, ...pod };
      const name = podName(made);
      cluster.put(podObject(made));
      const path = `/api/v1/namespaces/${made.namespace ?? "shop"}/pods/${name}/log`;
      if (answer === undefined) answers.delete(path);
      else answers.set(path, answer);
      return name;
    },
    archive: ({ namespace, job }, answer, container = "main") =>
      store.answer(`/${namespace}/${job}/${container}.log`, answer),
    read: ({ namespace, name }, request = {}) => readLog(way.transport, { namespace, name, ...request }),
    close: async () => {
      way.close();
      await gateway.stop();
      await Promise.all([store.close(), api.close(), cluster.close()]);
    },
  };
}

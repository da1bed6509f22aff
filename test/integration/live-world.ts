import { type Client, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll } from "vitest";
import { AnalysisRunLogService, type GetAnalysisRunLogsRequest } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type ApiServer, passOn, sendJson, startApiServer } from "../fakes/api-server.ts";
import { type MadePod, podName, podObject } from "../fakes/pods.ts";
import { createScriptedPodLog, type ScriptedPodLog } from "../fakes/scripted-pod-log.ts";
import { type ScriptedStore, startScriptedStore } from "../fakes/scripted-store.ts";
import { createWaits, type FakeWaits } from "../fakes/waits.ts";
import { type CollectedLog, collectLog } from "./collect-log.ts";
import { clusterObjects, GATEWAY_TOKEN, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";

type Request = Omit<Partial<GetAnalysisRunLogsRequest>, "$typeName" | "namespace" | "name">;

/** One measurement in the form that Argo Rollouts writes. */
export interface LiveAttempt {
  readonly number: number;
  /** Default: `Running`. */
  readonly phase?: string;
  /** Whether it has a Job. Default: true. */
  readonly job?: boolean;
}

/** The state of a run with one job metric, `checks`. */
export interface LiveRunState {
  /** `undefined`: the run has not started. */
  readonly startedAt?: string | undefined;
  readonly initialDelay?: string;
  /** The phase of the run and its metric. Default: `Running`. */
  readonly phase?: string;
  /** Default: one running attempt. */
  readonly attempts?: readonly LiveAttempt[];
  /** Default: `main`. */
  readonly containers?: readonly string[];
  readonly initContainers?: readonly object[];
}

/** A run whose state, pods and logs are set by the test. */
export interface LiveRun {
  readonly name: string;
  readonly uid: string;
  /** Writes the run with this state. */
  put(state?: LiveRunState): void;
  remove(): void;
  /** Writes a pod of an attempt's Job and returns its name. Default: attempt 1. */
  pod(made?: Partial<MadePod>, attempt?: number): string;
  removePod(name: string): void;
  /** The log of a container in a pod, created on first use. */
  log(pod: string, container?: string, previous?: boolean): ScriptedPodLog;
  read(request?: Request): CollectedLog;
  /** The path of an attempt's log in the archive. */
  archivePath(container?: string, attempt?: number): string;
}

/** A gateway in front of a small cluster and a store, with a clock that only the test advances. */
export interface LiveWorld {
  readonly cluster: MiniKubernetes;
  /** The API server in front of the cluster. */
  readonly api: ApiServer;
  /** Which requests, as `GET /path`, the API server does not serve, and with what status. Default: none. */
  refused: { readonly requests: RegExp; readonly status: number } | undefined;
  readonly store: ScriptedStore;
  /** Opens another connection to the gateway: whoever does not read stalls what else is on theirs. */
  connect(): Client<typeof AnalysisRunLogService>;
  readonly waits: FakeWaits;
  readonly clock: { time: number };
  addRun(state?: LiveRunState): LiveRun;
}

/** The default start time of runs. */
const STARTED = "2026-01-01T00:00:00Z";
const ENDED = "2026-01-01T00:30:00Z";
/** The delay before a log that its source ended is followed again, while the clock stands still. */
const REOPEN_MS = 1_200;
/** A time long after every run has ended and settled. */
const NOW = Date.parse("2026-01-02T00:00:00Z");

/**
 * Starts a world for all tests of a file.
 *
 * @param more additional settings of `taffrail.yaml`.
 */
export function useLiveWorld(sources: readonly string[] = ["pods"], more: object = {}): () => LiveWorld {
  let world: (LiveWorld & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    world = await startLiveWorld(sources, more);
  });
  afterAll(() => world?.close());
  return () => {
    if (world === undefined) throw new Error("The world has not been started yet.");
    return world;
  };
}

async function startLiveWorld(
  sources: readonly string[],
  more: object,
): Promise<LiveWorld & { close(): Promise<void> }> {
  const logs = new Map<string, ScriptedPodLog>();
  const store = await startScriptedStore();
  const cluster = await startMiniKubernetes({
    objects: clusterObjects(),
    podLog: async ({ pod, container, previous }) => logs.get(logKey(pod, container, previous)),
  });
  const api = await startApiServer((request, response) => {
    const { requests, status = 0 } = world.refused ?? {};
    if (requests?.test(`${request.method} ${request.url}`))
      sendJson(response, status, { kind: "Status", code: status });
    else passOn(cluster.url, request, response);
  });
  const known: Record<string, object> = {
    pods: { kubernetes: {} },
    archive: { http: { url: `${store.origin}/\${{ jobName }}/\${{ container }}.log` } },
    "by-pod": { http: { url: `${store.origin}/pods/\${{ podName }}/\${{ container }}.log` } },
  };
  const config = {
    sources: sources.map((name) => ({ name, ...known[name] })),
    shutdown: { drain: "0ms" },
    ...more,
  };
  const time = { time: NOW };
  const clock = { now: () => time.time };
  const waits = createWaits();
  const gateway = await startGateway({
    compiled: parseConfig(JSON.stringify(config), { name: "taffrail.yaml", folder: ".", env: {}, clock }),
    kube: createKubeApi({
      server: api.url,
      credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
    }),
    clock,
    // How soon a log is followed anew is limited: that time passes by itself.
    sleep: (ms, signal) => (ms === REOPEN_MS ? Promise.resolve() : waits.wait(ms, signal)),
    log: createLog("trace", { write: () => {} }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const url = `http://127.0.0.1:${gateway.address.port}`;
  const way = protocol.open(url);
  const ways = [way];
  const client = createClient(AnalysisRunLogService, way.transport);
  let runs = 0;
  const world: LiveWorld & { close(): Promise<void> } = {
    cluster,
    api,
    refused: undefined,
    connect: () => {
      const way = protocol.open(url);
      ways.push(way);
      return createClient(AnalysisRunLogService, way.transport);
    },
    store,
    waits,
    clock: time,
    addRun(begin) {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const ref = { namespace: "shop", name: `uat.run-${runs}` };
      const jobOf = (attempt: number): string => `${uid}.checks.${attempt}`;
      const put = (state?: LiveRunState): void => void cluster.put(runObject(ref, uid, jobOf, state));
      put(begin);
      return {
        name: ref.name,
        uid,
        put,
        remove: () => cluster.remove(runObject(ref, uid, jobOf)),
        pod: (made = {}, attempt = 1) => {
          const pod = { uid, job: jobOf(attempt), spec: { nodeName: "node-1" }, ...made };
          cluster.put(podObject(pod));
          return podName(pod);
        },
        removePod: (name) =>
          cluster.remove({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: ref.namespace } }),
        log: (pod, container = "main", previous = false) => {
          const key = logKey(pod, container, previous);
          const log = logs.get(key) ?? createScriptedPodLog();
          logs.set(key, log);
          return log;
        },
        read: (request = {}) => collectLog(client.getAnalysisRunLogs({ ...ref, ...request }, as(TOKENS.reader))),
        archivePath: (container = "main", attempt = 1) => `/${jobOf(attempt)}/${container}.log`,
      };
    },
    close: async () => {
      for (const each of ways) each.close();
      await gateway.stop();
      await Promise.all([store.close(), api.close(), cluster.close()]);
    },
  };
  return world;
}

/** A merge of logs waits this long for a quiet log. */
const isPatience = (ms: number): boolean => ms === 250;

/** Lets a merge of logs lose its patience until something happens. */
export async function impatiently(waits: FakeWaits, wanted: Promise<unknown>): Promise<void> {
  let isHere = false;
  const here = wanted.finally(() => {
    isHere = true;
  });
  while (!isHere) {
    await Promise.race([here, waits.until(isPatience)]);
    waits.pass(isPatience);
  }
}

function logKey(pod: string, container: string, previous: boolean): string {
  return `${pod}/${container}/${previous}`;
}

/** The run in the form that Argo Rollouts writes. */
function runObject(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  uid: string,
  jobOf: (attempt: number) => string,
  state: LiveRunState = {},
): KubeObject {
  const { initialDelay, phase = "Running", attempts = [{ number: 1 }], containers = ["main"], initContainers } = state;
  const startedAt = "startedAt" in state ? state.startedAt : STARTED;
  const isOver = phase !== "Running" && phase !== "Pending";
  const measurements = attempts.map(({ number, phase: measured = "Running", job = true }) => ({
    phase: measured,
    startedAt: STARTED,
    ...(measured !== "Running" && { finishedAt: ENDED }),
    ...(job && { metadata: { "job-name": jobOf(number), "job-namespace": namespace } }),
  }));
  const spec = {
    restartPolicy: "Never",
    ...(initContainers && { initContainers }),
    containers: containers.map((each) => ({ name: each })),
  };
  const result = { name: "checks", phase, measurements };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace, uid, labels: { "kargo.akuity.io/stage": "uat" } },
    spec: {
      metrics: [
        { name: "checks", ...(initialDelay && { initialDelay }), provider: { job: { spec: { template: { spec } } } } },
      ],
    },
    status: {
      phase,
      ...(startedAt && { startedAt }),
      ...(isOver && { completedAt: ENDED }),
      ...(attempts.length > 0 && { metricResults: [result] }),
    },
  };
}

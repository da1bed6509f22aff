import { createClient } from "@connectrpc/connect";
import {
  AnalysisRunLogService,
  type GetAnalysisRunLogsRequest,
  type GetAnalysisRunLogsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { parseConfig } from "../../src/config/load.ts";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { type Gateway, startGateway } from "../../src/server/gateway.ts";
import { sleep } from "../../src/sleep.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type MadePod, podName, podObject, running, terminated } from "../fakes/pods.ts";
import { createScriptedPodLog, type ScriptedPodLog } from "../fakes/scripted-pod-log.ts";
import { startScriptedStore } from "../fakes/scripted-store.ts";
import { type StoredObject, type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { analysisRun, clusterObjects, GATEWAY_TOKEN, jobName, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";

type Request = Omit<Partial<GetAnalysisRunLogsRequest>, "$typeName">;

/** A run whose only Job is running, and functions that change its state. */
export interface SeaRun {
  readonly namespace: string;
  readonly name: string;
  /** The log of its pod. */
  readonly log: ScriptedPodLog;
  end(exitCode?: number): void;
  removePod(): void;
  /** Puts its log into the store. */
  archive(text: string, options?: StoredObjectOptions): StoredObject;
}

/** A cluster, a store, and two replicas of the gateway. */
export interface Sea {
  /** Starts another replica with the same cursor keys. */
  startReplica(): Promise<Gateway>;
  close(): Promise<void>;
  /** Creates a run whose only Job is running, and the log of its pod. */
  addRun(): SeaRun;
  read(request: Request, replica?: number): AsyncGenerator<GetAnalysisRunLogsResponse>;
}

/** The delay before a log that its source ended is followed again, while the clock stands still. */
const REOPEN_MS = 1_200;

/** Starts the cluster, the store and the replicas. */
export async function startSea(): Promise<Sea> {
  const logs = new Map<string, ScriptedPodLog>();
  const store = await startScriptedStore();
  const cluster = await startMiniKubernetes({ objects: clusterObjects(), podLog: async ({ pod }) => logs.get(pod) });
  const clock = { now: () => Date.parse("2026-01-02T00:00:00Z") };
  const config = {
    sources: [
      { name: "pods", kubernetes: {} },
      { name: "archive", http: { url: `${store.origin}/\${{ jobName }}.log` } },
    ],
    cursors: { keys: [{ env: "CURSOR_KEY" }] },
    follow: { poll: "10ms" },
    shutdown: { drain: "0ms" },
  };
  const start = () =>
    startGateway({
      compiled: parseConfig(JSON.stringify(config), {
        name: "taffrail.yaml",
        folder: ".",
        env: { CURSOR_KEY: "cursor-key-1" },
        clock,
      }),
      kube: createKubeApi({
        server: cluster.url,
        credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
      }),
      clock,
      // How soon a log is followed anew is limited: that time passes by itself.
      sleep: (ms, signal) => sleep(ms === REOPEN_MS ? 0 : ms, signal),
      log: createLog("trace", { write: () => {} }),
      host: "127.0.0.1",
      port: 0,
      tls: undefined,
    });
  const gateways = [await start(), await start()];
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const ways = gateways.map(({ address }) => protocol.open(`http://127.0.0.1:${address.port}`));
  let runs = 0;
  return {
    startReplica: async () => {
      const gateway = await start();
      gateways.push(gateway);
      return gateway;
    },
    addRun() {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const ref = { namespace: "shop", name: `uat.run-${runs}` };
      const job = jobName(uid, "checks");
      const log = createScriptedPodLog();
      const made: MadePod = { uid, job, spec: { nodeName: "node-1" }, containers: { main: running() } };
      logs.set(podName(made), log);
      cluster.put(analysisRun({ ...ref, uid, metrics: [{ running: true }] }));
      const pod = podObject(made);
      cluster.put(pod);
      return {
        ...ref,
        log,
        end(exitCode = 1) {
          cluster.put(podObject({ ...made, phase: "Failed", containers: { main: terminated(exitCode) } }));
          cluster.put(analysisRun({ ...ref, uid, metrics: [{}] }));
        },
        removePod() {
          cluster.remove(pod);
        },
        archive(text, options) {
          const object = storedObject(text, options);
          store.answer(`/${job}.log`, object.answer);
          return object;
        },
      };
    },
    read(request, replica = 0) {
      const transport = ways[replica]?.transport;
      if (transport === undefined) throw new Error("There is no such replica.");
      return createClient(AnalysisRunLogService, transport).getAnalysisRunLogs(
        request,
        as(TOKENS.reader),
      ) as AsyncGenerator<GetAnalysisRunLogsResponse>;
    },
    async close() {
      for (const way of ways) way.close();
      for (const gateway of gateways) await gateway.stop();
      await Promise.all([store.close(), cluster.close()]);
    },
  };
}

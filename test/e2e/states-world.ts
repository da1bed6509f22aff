import { pino } from "pino";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { type Gateway, startGateway } from "../../src/server/gateway.ts";
import { type MadePod, podName, podObject, running } from "../fakes/pods.ts";
import { createScriptedPodLog, type ScriptedPodLog } from "../fakes/scripted-pod-log.ts";
import { type Answer, type ScriptedStore, startScriptedStore } from "../fakes/scripted-store.ts";
import { clusterObjects, GATEWAY_TOKEN } from "../integration/objects.ts";
import { launchChromium } from "./chromium.ts";
import { jobName, type RunState, runObject } from "./run-object.ts";

/** A run whose state, pods and logs are set by the test. */
export interface StateRun {
  /** The path of its page. */
  readonly path: string;
  readonly name: string;
  readonly uid: string;
  /** Writes the run with this state. */
  put(state: RunState): void;
  remove(): void;
  /** Sets the store's answer for an attempt's log. */
  stored(answer: Answer, attempt?: number): StateRun;
  /** Writes a pod of an attempt's Job, and returns its log. Default: its container `test` is running. */
  pod(made?: Partial<MadePod>, attempt?: number): ScriptedPodLog;
  removePod(attempt?: number): void;
}

/** A cluster and a store, gateways of any configuration in front of them, and a browser. */
export interface StatesWorld {
  readonly browser: Browser;
  readonly cluster: MiniKubernetes;
  readonly store: ScriptedStore;
  /** The address of a gateway with this configuration, which is reused. A sign-in is valid at all of them. */
  at(config?: object): Promise<string>;
  /** Starts a gateway that the test stops, for the same cluster or another one. */
  start(config: object, port?: number, cluster?: MiniKubernetes): Promise<Gateway>;
  addRun(state?: RunState): StateRun;
}

/** The store in the gateways' configuration. */
export function archive(store: Pick<ScriptedStore, "origin">, more: object = {}): object {
  return { name: "archive", http: { url: `${store.origin}/\${{ jobName }}.log`, ...more } };
}

/** The default contact and retention. */
export const CONTACT = "the platform team, #ask-logs";
export const RETENTION_DAYS = 14;

/** Starts a world for all tests of a file. */
export function useStatesWorld(): () => StatesWorld {
  let world: (StatesWorld & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    world = await startStatesWorld();
  });
  afterAll(() => world?.close());
  return () => {
    if (world === undefined) throw new Error("The world has not been started yet.");
    return world;
  };
}

async function startStatesWorld(): Promise<StatesWorld & { close(): Promise<void> }> {
  const logs = new Map<string, ScriptedPodLog>();
  const store = await startScriptedStore();
  const cluster = await startMiniKubernetes({ objects: clusterObjects(), podLog: async ({ pod }) => logs.get(pod) });
  const browser = await launchChromium();
  const gateways = new Map<string, Promise<Gateway>>();
  const started: Gateway[] = [];
  const start: StatesWorld["start"] = async (config, port = 0, kubernetes = cluster) => {
    const settings = {
      contact: CONTACT,
      retentionDays: RETENTION_DAYS,
      sources: [archive(store)],
      cursors: { keys: [{ env: "CURSOR_KEY" }] },
      follow: { poll: "50ms" },
      shutdown: { drain: "0ms" },
      ...config,
    };
    const gateway = await startGateway({
      compiled: parseConfig(JSON.stringify(settings), {
        name: "taffrail.yaml",
        folder: ".",
        env: { CURSOR_KEY: "cursor-key-1" },
        clock: systemClock,
      }),
      kube: createKubeApi({
        server: kubernetes.url,
        credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
      }),
      clock: systemClock,
      log: pino({ level: "silent" }),
      host: "127.0.0.1",
      port,
      tls: undefined,
    });
    started.push(gateway);
    return gateway;
  };
  let runs = 0;
  return {
    browser,
    cluster,
    store,
    start,
    async at(config = {}) {
      const key = JSON.stringify(config);
      const gateway = gateways.get(key) ?? start(config);
      gateways.set(key, gateway);
      return addressOf(await gateway);
    },
    addRun(state) {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const name = `uat.01kkh640p0djp1kn96jm9e${String(runs).padStart(4, "0")}.00d90e5`;
      const put = (next: RunState): void => void cluster.put(runObject({ name, uid }, next));
      const made = (attempt: number) => ({
        uid,
        job: jobName(uid, attempt),
        spec: { nodeName: "node-1" },
        containers: { test: { ...running(), state: { running: { startedAt: new Date().toISOString() } } } },
      });
      put(state ?? {});
      const run: StateRun = {
        path: `/p/shop/runs/${name}`,
        name,
        uid,
        put,
        remove: () => cluster.remove(runObject({ name, uid }, {})),
        stored(answer, attempt = 1) {
          store.answer(`/${jobName(uid, attempt)}.log`, answer);
          return run;
        },
        pod(more = {}, attempt = 1) {
          const pod = { ...made(attempt), ...more };
          cluster.put(podObject(pod));
          const log = logs.get(podName(pod)) ?? createScriptedPodLog();
          logs.set(podName(pod), log);
          return log;
        },
        removePod: (attempt = 1) => cluster.remove(podObject(made(attempt))),
      };
      return run;
    },
    async close() {
      await browser.close();
      for (const gateway of started) {
        void gateway.stop();
        await gateway.stop();
      }
      await Promise.all([store.close(), cluster.close()]);
    },
  };
}

/** Where a gateway is. */
export function addressOf(gateway: Gateway): string {
  return `http://127.0.0.1:${gateway.address.port}`;
}

import type { Transport } from "@connectrpc/connect";
import { afterAll, beforeAll } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { type Answer, type ScriptedStore, startScriptedStore } from "../fakes/scripted-store.ts";
import { analysisRun, clusterObjects, GATEWAY_TOKEN, jobName, type MadeMetric } from "./objects.ts";
import type { Protocol } from "./protocols.ts";

/**
 * Matches what callers must not see of the store: its address, and the words in its path, headers and token.
 */
export const SECRETS = /127\.0\.0|localhost|hidden-shelf|store-key|s3cret|vault|token-of-gateway|http:\/\//i;

/** The key in the environment variable `ADMIN_KEY`. */
export const ADMIN_KEY = "a-key-that-kargo-signs-with-00001";

/** An entry of the gateway's own log. */
export interface LogEntry {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** pino's number of the level. */
export const DEBUG = 20;

/** The run whose log is read. */
export interface LogRef {
  readonly namespace: string;
  readonly name: string;
}

export interface WorldOptions {
  /** Additional settings of `taffrail.yaml`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The configured encoding of logs. */
  readonly charset?: string;
  /** Timeouts of the source. */
  readonly timeouts?: Readonly<Record<string, string>>;
  /** The maximum number of open logs of the source. */
  readonly connections?: number;
  /** Additional headers to the store, as templates. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: GatewayOptions["tls"];
  /** The time limit for a request to arrive, in milliseconds. */
  readonly requestMs?: number;
  /** How the gateway waits. Default: really. */
  readonly wait?: GatewayOptions["sleep"];
  /** By how many milliseconds a refusal is delayed at most. Default: 0. */
  readonly refusalDelayMs?: number;
  /** Where the web page is. Default: where it is built. */
  readonly page?: GatewayOptions["page"];
}

/** A gateway between a small cluster and a store that is scripted by tests, all in this process. */
export interface World {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly cluster: MiniKubernetes;
  /** Resets the gateway's connections to the cluster. */
  cutFromCluster(): void;
  readonly store: ScriptedStore;
  /** Stands still at a day after the runs ended, until a test advances it. */
  readonly clock: Clock & { advance(ms: number): void };
  /** The entries that the gateway has logged, of every level. */
  readonly log: readonly LogEntry[];
  /** Settles when the gateway has logged that many matching entries. */
  untilLogged(count: number, test: (entry: LogEntry) => boolean): Promise<void>;
  /** Creates a run of one Job, or of these metrics. The store answers requests for its first log like this. */
  addLog(answer: Answer, metrics?: readonly MadeMetric[]): LogRef;
  /** The transport to the gateway, the same each time. */
  transport(protocol: Protocol): ReturnType<Protocol["open"]>["transport"];
  /**
   * Starts another gateway with the same cluster and store, and returns a transport to it. `config` overrides the
   * settings of the first.
   */
  replica(protocol: Protocol, config?: Readonly<Record<string, unknown>>): Promise<Transport>;
  close(): Promise<void>;
}

/** Starts a world for all tests of a file or a `describe`. */
export function useWorld(options: WorldOptions = {}): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld(options);
  });
  afterAll(() => world?.close());
  return () => {
    if (world === undefined) throw new Error("The world has not been started yet.");
    return world;
  };
}

/** Starts a world. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { config = {}, timeouts = {}, connections = 256, headers = {}, tls, requestMs, wait, page } = options;
  const { charset, refusalDelayMs = 0 } = options;
  const store = await startScriptedStore();
  const cluster = await startMiniKubernetes({ objects: clusterObjects() });
  const way = await startCuttingProxy(Number(new URL(cluster.url).port), []);
  const clock = createClock(Date.parse("2026-01-02T00:00:00Z"));
  const log: LogEntry[] = [];
  let waiting: (() => void)[] = [];
  const write = (line: string): void => {
    log.push(JSON.parse(line) as LogEntry);
    const told = waiting;
    waiting = [];
    for (const each of told) each();
  };
  const url = `${store.origin}/hidden-shelf/\${{ project }}/\${{ jobName }}/\${{ container }}.log`;
  const allHeaders = { "X-Store-Key": "${{ token }}", ...headers };
  const http = { url, headers: allHeaders, token: { env: "STORE_TOKEN" }, timeouts, ...(charset && { charset }) };
  const settings = { sources: [{ name: "archive", connections, http }], shutdown: { drain: "0ms" }, ...config };
  const start = (more: Readonly<Record<string, unknown>>): Promise<Gateway> =>
    startGateway({
      compiled: parseConfig(JSON.stringify({ ...settings, ...more }), {
        name: "taffrail.yaml",
        folder: ".",
        env: { STORE_TOKEN: "s3cret", CURSOR_KEY: "cursor-key-1", OTHER_KEY: "cursor-key-2", ADMIN_KEY },
        clock,
      }),
      kube: createKubeApi({
        server: `http://127.0.0.1:${way.port}`,
        credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
      }),
      clock,
      log: createLog("trace", { write }),
      host: "127.0.0.1",
      port: 0,
      tls,
      refusalDelayMs,
      ...(requestMs !== undefined && { requestMs }),
      ...(wait !== undefined && { sleep: wait }),
      ...(page !== undefined && { page }),
    });
  const gateway = await start({});
  const gateways = [gateway];
  const replicaWays: ReturnType<Protocol["open"]>[] = [];
  const { port } = gateway.address;
  const baseUrl = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  const ways = new Map<Protocol, ReturnType<Protocol["open"]>>();
  let runs = 0;

  return {
    url: baseUrl,
    port,
    gateway,
    cluster,
    cutFromCluster: () => way.cut(),
    store,
    clock,
    log,
    untilLogged: async (count, test) => {
      while (log.filter(test).length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    addLog(answer, metrics = [{}]) {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const ref = { namespace: "shop", name: `uat.run-${runs}` };
      cluster.put(analysisRun({ ...ref, uid, metrics }));
      const { name = "checks", containers = ["main"] } = metrics[0] ?? {};
      store.answer(`/hidden-shelf/shop/${jobName(uid, name)}/${containers[0]}.log`, answer);
      return ref;
    },
    transport(protocol) {
      const way = ways.get(protocol) ?? protocol.open(baseUrl);
      ways.set(protocol, way);
      return way.transport;
    },
    async replica(protocol, more = {}) {
      const other = await start(more);
      gateways.push(other);
      const way = protocol.open(`http://127.0.0.1:${other.address.port}`);
      replicaWays.push(way);
      return way.transport;
    },
    async close() {
      for (const each of [...ways.values(), ...replicaWays]) each.close();
      await Promise.all(gateways.map((each) => each.stop()));
      await Promise.all([store.close(), way.close(), cluster.close()]);
    },
  };
}

function createClock(start: number): World["clock"] {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

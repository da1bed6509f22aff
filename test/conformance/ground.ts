import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { parseConfig } from "../../src/config/load.ts";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { WrittenLine, WrittenLog } from "../../src/demo/written-log.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { type Sleep, sleep } from "../../src/sleep.ts";
import { SOURCE_KINDS } from "../../src/sources/registry.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { sendJson, startApiServer } from "../fakes/api-server.ts";
import { type MadePod, podName, podObject, running, terminated } from "../fakes/pods.ts";
import { analysisRun, clusterObjects, GATEWAY_TOKEN, jobName } from "../integration/objects.ts";
import { createAnswering, sendBody } from "./answer.ts";
import { longLineAt, timeAt } from "./lines.ts";
import type { SourceWorld, StoredLog, Trouble } from "./stored-log.ts";

/** A run of one Job with one container, `main`. */
export interface TestRun {
  readonly namespace: string;
  readonly name: string;
  readonly job: string;
  /** Ends the Job, and its pod if there is one. */
  end(): void;
  /** Creates its pod and returns the pod's log. Removing the log removes the pod. Call once for each run. */
  addPod(): StoredLog;
}

/** A cluster, and gateways in front of it. */
export interface Ground {
  /** Creates a run whose Job is running. */
  addRun(): TestRun;
  /** Starts a gateway with these sources, in this order. Their names are `first` and `second`. */
  startGateway(worlds: readonly SourceWorld[]): Promise<string>;
  close(): Promise<void>;
}

/** A time long after every run has ended and every source has settled. */
const NOW = Date.parse("2026-01-02T00:00:00Z");
/** Longer than a gateway waits before it polls or retries. */
const SHORT_MS = 5_000;

/** Shortens the waits of polls and retries; all others last until they are aborted. */
const wait: Sleep = (ms, signal) => sleep(ms <= SHORT_MS ? 5 : 2 ** 31 - 1, signal);

export async function startGround(): Promise<Ground> {
  const pods = new Map<string, ReturnType<typeof createPodLog>>();
  const cluster = await startMiniKubernetes({
    objects: clusterObjects(),
    podLog: async ({ pod }) => pods.get(pod)?.written,
  });
  const api = await startApiServer((request, response) => {
    const [, pod = ""] = /\/pods\/([^/]+)\/log/.exec(request.url ?? "") ?? [];
    const log = pods.get(pod);
    if (log === undefined) void passOn(cluster.url, request, response);
    else log.answer(request, response, cluster.url);
  });
  const closing: (() => Promise<void>)[] = [];
  const clock = { now: () => NOW };
  let runs = 0;
  return {
    addRun() {
      runs += 1;
      const uid = `00000000-0000-4000-8000-${String(runs).padStart(12, "0")}`;
      const ref = { namespace: "shop", name: `uat.run-${runs}` };
      const job = jobName(uid, "checks");
      const made: MadePod = { uid, job, spec: { nodeName: "node-1" }, containers: { main: running() } };
      const pod = podObject(made);
      let hasPod = false;
      cluster.put(analysisRun({ ...ref, uid, metrics: [{ running: true }] }));
      return {
        ...ref,
        job,
        end() {
          if (hasPod) cluster.put(podObject({ ...made, phase: "Failed", containers: { main: terminated(1) } }));
          cluster.put(analysisRun({ ...ref, uid, metrics: [{}] }));
        },
        addPod() {
          const setPod = (there: boolean): void => {
            if (there && !hasPod) cluster.put(pod);
            if (!there) cluster.remove(pod);
            hasPod = there;
          };
          const log = createPodLog(setPod);
          pods.set(podName(made), log);
          return log;
        },
      };
    },
    async startGateway(worlds) {
      const sources = worlds.map(({ yaml }, index) => `  - name: ${index === 0 ? "first" : "second"}\n    ${yaml}\n`);
      const yaml = `shutdown: { drain: 0ms }\nsources:\n${sources.join("")}`;
      const kinds = worlds.find((world) => world.kinds !== undefined)?.kinds ?? SOURCE_KINDS;
      const gateway = await startGateway({
        compiled: parseConfig(yaml, { name: "taffrail.yaml", folder: ".", env: { S3_KEY: "key" }, clock, kinds }),
        kube: createKubeApi({
          server: api.url,
          credentials: async () => ({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
        }),
        clock,
        sleep: wait,
        log: createLog("trace", { write: () => {} }),
        host: "127.0.0.1",
        port: 0,
        tls: undefined,
      });
      closing.push(() => gateway.stop());
      return `http://127.0.0.1:${gateway.address.port}`;
    },
    async close() {
      await Promise.all(closing.map((close) => close()));
      await Promise.all([api.close(), cluster.close()]);
    },
  };
}

/** The log of a pod's container, which the cluster serves through a server that causes faults. */
function createPodLog(setPod: (there: boolean) => void): StoredLog & {
  readonly written: WrittenLog;
  answer(request: IncomingMessage, response: ServerResponse, cluster: string): void;
} {
  const answering = createAnswering();
  const troubles: Trouble[] = [];
  let lines: WrittenLine[] = [];
  let count = 0;
  let made = 0;
  let sent = 0;
  let listeners: (() => void)[] = [];
  return {
    written: {
      *lines(from) {
        for (let index = from; index < made; index += 1) {
          yield { index, time: timeAt(index), bytes: Buffer.from(longLineAt(index)) };
        }
        yield* lines.filter(({ index }) => index >= from);
      },
      untilMore: (next, signal) =>
        new Promise((resolve) => {
          if (Math.max(count, made) > next || signal.aborted) return resolve();
          listeners.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        }),
    },
    append(time, text) {
      setPod(true);
      for (const line of text === "" ? [] : text.split(/(?<=\n)/)) {
        lines.push({ index: count, time, bytes: Buffer.from(line) });
        count += 1;
      }
      const told = listeners;
      listeners = [];
      for (const tell of told) tell();
    },
    generate(wanted) {
      setPod(true);
      made = wanted;
      count = wanted;
    },
    remove() {
      setPod(false);
      lines = [];
      made = 0;
    },
    trouble: (...next) => void troubles.push(...next),
    get sent() {
      return sent;
    },
    get answering() {
      return answering.count;
    },
    untilAnswering: answering.until,
    answer(request, response, cluster) {
      const trouble = troubles.shift();
      response.once("close", answering.begin());
      response.on("error", () => {});
      if (trouble?.kind === "no-headers") return;
      if (trouble?.kind === "denied") {
        const message = 'pods "pod" is forbidden';
        return sendJson(response, 403, { kind: "Status", status: "Failure", message, code: 403 });
      }
      void passOn(cluster, request, response, trouble, (bytes) => {
        sent += bytes;
      });
    },
  };
}

/** Forwards a request to another server, and its response back. */
async function passOn(
  to: string,
  request: IncomingMessage,
  response: ServerResponse,
  trouble?: Trouble,
  onSent: (bytes: number) => void = () => {},
): Promise<void> {
  const { method, headers, url } = request;
  const onward = forward(new URL(url ?? "/", to), { ...(method && { method }), headers });
  request.pipe(onward);
  response.once("close", () => onward.destroy());
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.once("response", resolve).once("error", reject);
    });
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    await sendBody(response, answer as AsyncIterable<Uint8Array>, trouble, onSent);
  } catch {
    response.destroy();
  }
}

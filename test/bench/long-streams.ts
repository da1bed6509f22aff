/**
 * The cost of many open logs, compared with the plain pipe in the same minutes: followers of a pod that writes a line a
 * second, and stalled readers of a large log.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnalysisRunLogService, GetAnalysisRunLogsRequestSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { podObject } from "../fakes/pods.ts";
import { createScriptedPodLog } from "../fakes/scripted-pod-log.ts";
import { ChildServer } from "../real/servers/child-server.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { readCpuSeconds, readMemory } from "./process-stats.ts";
import type { Target } from "./throughput.ts";
import { envelope, logPath } from "./ways.ts";

const STREAMS = 1_000;
/** A caller has a quarter of them. */
const CONNECTIONS = 8 * STREAMS;
/** Streams opened before the measurement, so that the code is warm and the heap has its size. */
const WARM_UPS = 100;
const MEASURED_MS = 20_000;
/** The time for memory to settle. */
const REST_MS = 5_000;
const RUNNING_UID = "7a2e8f1f-69d5-4cc5-b3ef-7a2e8f1f69d5";
const RUNNING_JOB = `${RUNNING_UID}.live.1`;

export interface LongStreamsOptions {
  readonly folder: string;
  /** The gateway, built. */
  readonly program: string;
  /** The bench's cluster. */
  readonly objects: readonly KubeObject[];
  /** The gateway's token for it. */
  readonly token: string;
  readonly nginxUrl: string;
  /** Starts a plain pipe to an origin. */
  readonly startPipe: (origin: string) => Promise<Target>;
}

interface Cost {
  readonly name: string;
  readonly kibPerStream: number;
  /** The share of one core while only the log's own lines are sent. */
  readonly cpu: number;
}

/** Measures both. Returns Markdown; takes three minutes. */
export async function measureLongStreams(options: LongStreamsOptions): Promise<readonly string[]> {
  const costs: Cost[] = [];
  const trickle = await startTrickle();
  const live = await startLive(options);
  const bare = new ChildServer("connect", process.execPath, [join(import.meta.dirname, "connect-only.ts")]);
  const undo: (() => Promise<void> | void)[] = [trickle.close, live.close, () => bare.stop()];
  try {
    const pipe = await options.startPipe(trickle.url);
    costs.push(await measure("plain Node pipe, follower", pipe, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "takes all"));
    const follow = rpcRequest({ metricName: "live", follow: true, name: "live" });
    const connectOnly = { url: await bare.waitFor(() => /http:\S+/.exec(bare.output)?.[0]), pid: bare.pid };
    costs.push(await measure("Connect alone, follower", connectOnly, follow, "takes all"));
    costs.push(await measure("Taffrail, follower", live.gateway, follow, "takes all"));
    const files = await options.startPipe(options.nginxUrl);
    const get = `GET ${logPath("large")} HTTP/1.1\r\nHost: x\r\n\r\n`;
    costs.push(await measure("plain Node pipe, stalled reader", files, get, "takes nothing"));
    const stalled = rpcRequest({ metricName: "large", name: "run" });
    costs.push(await measure("Taffrail, stalled reader", live.gateway, stalled, "takes nothing"));
  } finally {
    for (const step of undo.toReversed()) await step();
  }
  return [
    `## ${STREAMS} open streams (Connect over HTTP/1.1; a follower gets a line a second)`,
    "",
    "| way | KiB a stream (RSS) | % of a core |",
    "| --- | ---: | ---: |",
    ...costs.map(
      ({ name, kibPerStream, cpu }) => `| ${name} | ${kibPerStream.toFixed(0)} | ${(100 * cpu).toFixed(1)} |`,
    ),
  ];
}

function rpcRequest(request: { name: string; metricName: string; follow?: boolean }): Buffer {
  const message = create(GetAnalysisRunLogsRequestSchema, { namespace: "bench", ...request });
  const body = envelope(toBinary(GetAnalysisRunLogsRequestSchema, message));
  const head = [
    `POST /${AnalysisRunLogService.typeName}/GetAnalysisRunLogs HTTP/1.1`,
    "Host: x",
    "Authorization: Bearer bench-reader",
    "Content-Type: application/connect+proto",
    `Content-Length: ${body.length}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}

async function measure(
  name: string,
  server: Target,
  request: string | Uint8Array,
  pace: "takes all" | "takes nothing",
): Promise<Cost> {
  const sockets: Socket[] = [];
  const open = async (count: number): Promise<void> => {
    for (let each = 0; each < count; each += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, count - each) }, () => openStream(server, request, pace, sockets)),
      );
    }
  };
  await open(WARM_UPS);
  await sleep(REST_MS);
  const before = readMemory(server.pid);
  await open(STREAMS);
  await sleep(REST_MS);
  const bytesBefore = sockets.map(({ bytesRead }) => bytesRead);
  const cpuBefore = readCpuSeconds(server.pid);
  const start = performance.now();
  await sleep(MEASURED_MS);
  const cpu = (readCpuSeconds(server.pid) - cpuBefore) / ((performance.now() - start) / 1_000);
  const kibPerStream = (readMemory(server.pid) - before) / STREAMS / 1024;
  const ended = sockets.filter(({ destroyed }) => destroyed).length;
  if (ended > 0) throw new Error(`${name}: ${ended} streams ended.`);
  const quiet = sockets.filter(({ bytesRead }, at) => bytesRead === bytesBefore[at]).length;
  if (pace === "takes all" && quiet > 0) throw new Error(`${name}: ${quiet} streams got nothing.`);
  for (const socket of sockets) socket.destroy();
  await sleep(REST_MS);
  return { name, kibPerStream, cpu };
}

/** Settles with the first byte of the response. */
async function openStream(
  { url }: Target,
  request: string | Uint8Array,
  pace: "takes all" | "takes nothing",
  sockets: Socket[],
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.push(socket);
  socket.on("error", () => socket.destroy());
  socket.write(request);
  await once(socket, "readable");
  const head = String(socket.read(15) ?? "");
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`${url} answered ${head}.`);
  // What was read ahead waits in this process, and the reader reads no more.
  if (pace === "takes all") socket.resume();
}

/** A store whose logs never end: each gets a line a second. */
async function startTrickle(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const write = (): void => void response.write(lineNow());
    write();
    const timer = setInterval(write, 1_000);
    response.once("close", () => clearInterval(timer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A gateway in front of a cluster with a running job that writes a line a second. */
async function startLive({ folder, program, objects, token, nginxUrl }: LongStreamsOptions) {
  const log = createScriptedPodLog();
  const cluster = await startMiniKubernetes({ objects: [...objects, ...runningRun()], podLog: async () => log });
  const write = (): void => log.append(new Date().toISOString(), lineNow());
  write();
  const timer = setInterval(write, 1_000);
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify({
      limits: { streams: 3 * STREAMS, streamsPerCaller: 3 * STREAMS },
      sources: [
        { name: "pods", connections: CONNECTIONS, kubernetes: {} },
        {
          name: "nginx",
          connections: CONNECTIONS,
          http: { url: `${nginxUrl}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` },
        },
      ],
    }),
    kubernetes: { url: cluster.url, token },
  });
  return {
    gateway: { url: gateway.url, pid: gateway.server.pid },
    close: async () => {
      clearInterval(timer);
      await gateway.server.stop();
      await cluster.close();
    },
  };
}

function runningRun(): KubeObject[] {
  const startedAt = new Date().toISOString();
  const measurement = {
    phase: "Running",
    startedAt,
    metadata: { "job-name": RUNNING_JOB, "job-namespace": "bench" },
  };
  return [
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "live", namespace: "bench", uid: RUNNING_UID, labels: { "kargo.akuity.io/stage": "perf" } },
      spec: {
        metrics: [
          { name: "live", provider: { job: { spec: { template: { spec: { containers: [{ name: "main" }] } } } } } },
        ],
      },
      status: {
        phase: "Running",
        startedAt,
        metricResults: [{ name: "live", phase: "Running", measurements: [measurement] }],
      },
    },
    podObject({
      namespace: "bench",
      uid: RUNNING_UID,
      job: RUNNING_JOB,
      createdAt: startedAt,
      spec: { nodeName: "node-a" },
      containers: {
        main: { state: { running: { startedAt } }, ready: true, restartCount: 0, image: "x", imageID: "" },
      },
    }),
  ];
}

function lineNow(): string {
  return `${new Date().toISOString()} INFO  worker-1 check status of GET /api/v1/orders/items: 200, as expected\n`;
}

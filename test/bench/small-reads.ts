import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { Pool } from "undici";
import { AnalysisRunLogService, GetAnalysisRunLogsRequestSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { MadeRun } from "../real/project.ts";
import { type GatewayOptions, startGateway } from "../real/servers/gateway.ts";
import { GATEWAY_USERNAME } from "../real/servers/gateway-account.ts";
import { countRequests } from "./audit-counts.ts";
import { readCpuSeconds } from "./process-stats.ts";
import { type RealCluster, startRealCluster, whyNoCluster } from "./real-cluster.ts";
import { measureStartUp } from "./start-up.ts";
import { percentile } from "./statistics.ts";
import type { Target } from "./throughput.ts";
import { type LogRequest, type Reads, readAtOnce, readInTurn, timeRead } from "./timed-read.ts";
import { envelope } from "./ways.ts";

const AT_ONCE = 16;
/** Warm-up reads: the code is optimized after some thousand reads, and gateways run for weeks. */
const WARM_UP_MS = 15_000;
/** Less than the ten seconds for which the gateway caches reviews. */
const AT_ONCE_MS = 4_000;
const ONE_BY_ONE = 500;
const FRESH_CALLERS = 60;
/** Callers for the warm-up of connections and of the code for reviews. */
const FRESH_WARM_UPS = 5;
const STARTS = 10;
/** Reported even if their count is 0. */
const REQUESTS = [
  "create tokenreviews",
  "create subjectaccessreviews",
  "get analysisruns",
  "get stages",
  "get freights",
] as const;

/** What the bench of small reads needs. */
export interface SmallReadsOptions {
  readonly folder: string;
  /** The folder that nginx serves. */
  readonly files: string;
  readonly nginxUrl: string;
  /** The plain pipe to nginx. */
  readonly pipe: Target;
  /** A log of a few KiB. */
  readonly logFile: string;
  /** The gateway, built. */
  readonly program: string;
}

interface Row {
  readonly name: string;
  readonly aim: string;
  readonly reads: Reads & Cpu;
}

/** CPU seconds of all reads together. */
interface Cpu {
  readonly server: number;
  readonly kubernetes: number;
}

/**
 * Measures reads of a small log with reviews by a real API server and etcd, and the gateway's start. Takes about a
 * minute.
 *
 * Returns Markdown, or a line that says why the API server is not available.
 */
export async function measureSmallReads(options: SmallReadsOptions): Promise<readonly string[]> {
  const reason = await whyNoCluster();
  if (reason !== undefined) return [`Small reads are left out, since there is no real API server here: ${reason}`];
  const { folder, files, nginxUrl } = options;
  // One for the warm-up, two whose reviews are cached, and the new ones.
  const cluster = await startRealCluster(folder, files, 3 + FRESH_WARM_UPS + FRESH_CALLERS);
  try {
    const gateway: GatewayOptions = {
      program: options.program,
      folder,
      config: JSON.stringify({
        sources: [
          { name: "nginx", http: { url: `${nginxUrl}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } },
        ],
      }),
      kubernetes: { ...cluster.access, token: cluster.gatewayToken },
    };
    return [...(await reportReads(options, cluster, gateway)), "", ...(await reportStarts(gateway))];
  } finally {
    await cluster.stop();
  }
}

async function reportReads(
  { pipe, logFile }: SmallReadsOptions,
  cluster: RealCluster,
  options: GatewayOptions,
): Promise<readonly string[]> {
  const { project, run, running, access, admin } = cluster;
  const [early = "", busy = "", calm = "", ...fresh] = cluster.readers;
  const log = await readFile(logFile);
  for (const each of [run, ...running]) await project.storeLog(each.jobOf("small"), log);
  const gateway = await startGateway(options);
  const taffrailPool = new Pool(gateway.url, { connections: AT_ONCE });
  const pipePool = new Pool(pipe.url, { connections: AT_ONCE });
  try {
    const plain: LogRequest = {
      method: "GET",
      path: join("/", project.name, run.jobOf("small"), "main.log"),
      headers: {},
    };
    const readPlain = () => timeRead(pipePool, plain, log);
    const readAs = (token: string) => timeRead(taffrailPool, requestOf(cluster, run, token), log);
    let next = 0;
    const readRunning = (token: string) =>
      timeRead(taffrailPool, requestOf(cluster, running[next++ % running.length] ?? run, token), log);
    const measure = async (pid: number, work: () => Promise<Reads>): Promise<Reads & Cpu> => {
      const before = [readCpuSeconds(pid), readCpuSeconds(cluster.pid)] as const;
      const reads = await work();
      return {
        ...reads,
        server: readCpuSeconds(pid) - before[0],
        kubernetes: readCpuSeconds(cluster.pid) - before[1],
      };
    };
    const { pid } = gateway.server;
    const count = <T>(work: () => Promise<T>) =>
      countRequests({ admin, auditLog: access.auditLog, username: GATEWAY_USERNAME }, work);

    await readAtOnce(AT_ONCE, WARM_UP_MS, readPlain);
    const plainAtOnce = await measure(pipe.pid, () => readAtOnce(AT_ONCE, AT_ONCE_MS, readPlain));
    const plainInTurn = await measure(pipe.pid, () => readInTurn(ONE_BY_ONE, readPlain));

    await readAtOnce(AT_ONCE, WARM_UP_MS, () => readAs(early));
    await readAs(busy);
    const keptAtOnce = await count(() => measure(pid, () => readAtOnce(AT_ONCE, AT_ONCE_MS, () => readAs(busy))));
    await readAs(calm);
    const kept = await count(() => measure(pid, () => readInTurn(ONE_BY_ONE, () => readAs(calm))));
    await readAtOnce(AT_ONCE, WARM_UP_MS / 3, () => readRunning(early));
    await readRunning(busy);
    const askedAtOnce = await count(() => measure(pid, () => readAtOnce(AT_ONCE, AT_ONCE_MS, () => readRunning(busy))));
    await readRunning(calm);
    const asked = await count(() => measure(pid, () => readInTurn(ONE_BY_ONE, () => readRunning(calm))));
    await readInTurn(FRESH_WARM_UPS, (index) => readAs(fresh[FRESH_CALLERS + index] ?? ""));
    const uncached = await count(() =>
      measure(pid, () => readInTurn(FRESH_CALLERS, (index) => readAs(fresh[index] ?? ""))),
    );

    const counted = [keptAtOnce, kept, askedAtOnce, asked, uncached];
    const ratio = ({ server, times }: Reads & Cpu) =>
      server / times.length / (plainAtOnce.server / plainAtOnce.times.length);
    const rows: readonly Row[] = [
      { name: `plain Node pipe, ${AT_ONCE} at once`, aim: "", reads: plainAtOnce },
      { name: `run kept, ${AT_ONCE} at once`, aim: aimOf(3, ratio(keptAtOnce.result)), reads: keptAtOnce.result },
      {
        name: `run asked for, ${AT_ONCE} at once`,
        aim: aimOf(5, ratio(askedAtOnce.result)),
        reads: askedAtOnce.result,
      },
      { name: "plain Node pipe, one at a time", aim: "", reads: plainInTurn },
      { name: "run kept, one at a time", aim: "p50 < 3 ms", reads: kept.result },
      { name: "run asked for, one at a time", aim: "p50 < 6 ms", reads: asked.result },
      { name: "nothing kept, one at a time", aim: "", reads: uncached.result },
    ];
    return [
      `## Whole reads of a log of ${log.length} bytes (Connect, HTTP/1.1; real API server and etcd; all on the same ${cpus().length} cores)`,
      "",
      "The caller's reviews were answered within the last ten seconds, but for the last row: there neither the gateway nor the API server has seen the caller. Run kept: it has ended, and was read within the last ten seconds. Run asked for: it has not ended.",
      "",
      "| reads | how many | reads/s | p50 ms | p99 ms | server CPU ms/read | API server CPU ms/read | aim |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
      ...rows.map(formatRow),
      "",
      `| requests to the API server for each read | kept, ${AT_ONCE} at once | kept | asked for, ${AT_ONCE} at once | asked for | nothing kept |`,
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      ...[...new Set([...REQUESTS, ...counted.flatMap(({ counts }) => [...counts.keys()])])].map(
        (request) =>
          `| ${request} | ${counted
            .map(({ counts, result }) => ((counts.get(request) ?? 0) / result.times.length).toFixed(2))
            .join(" | ")} |`,
      ),
    ];
  } finally {
    await Promise.all([taffrailPool.destroy(), pipePool.destroy()]);
    await gateway.server.stop();
  }
}

function formatRow({ name, aim, reads }: Row): string {
  const { times, perSecond, server, kubernetes } = reads;
  const figures = [
    perSecond.toFixed(0),
    percentile(times, 0.5).toFixed(2),
    percentile(times, 0.99).toFixed(2),
    ((server / times.length) * 1000).toFixed(2),
    ((kubernetes / times.length) * 1000).toFixed(2),
  ];
  return `| ${name} | ${times.length} | ${figures.join(" | ")} | ${aim} |`;
}

/** Of CPU against the plain pipe's. */
function aimOf(aim: number, ratio: number): string {
  return `${aim}x of the pipe's CPU: ${ratio.toFixed(1)}x`;
}

function requestOf({ project }: RealCluster, run: MadeRun, token: string): LogRequest {
  const message = create(GetAnalysisRunLogsRequestSchema, {
    namespace: project.name,
    name: run.name,
    metricName: "small",
  });
  return {
    method: "POST",
    path: `/${AnalysisRunLogService.typeName}/GetAnalysisRunLogs`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/connect+proto" },
    body: envelope(toBinary(GetAnalysisRunLogsRequestSchema, message)),
  };
}

async function reportStarts(gateway: GatewayOptions): Promise<readonly string[]> {
  const starts = [];
  for (let start = 0; start < STARTS; start++) starts.push(await measureStartUp(gateway));
  const listens = starts.map(({ listensMs }) => listensMs);
  const memory = starts.map(({ idleMemory }) => idleMemory / 1e6);
  return [
    `## The gateway at rest (${STARTS} starts of the built program)`,
    "",
    "| what | median | most | aim |",
    "| --- | ---: | ---: | --- |",
    `| from spawn to listening, ms | ${percentile(listens, 0.5).toFixed(0)} | ${Math.max(...listens).toFixed(0)} | < 1,000 |`,
    `| idle RSS, MB | ${percentile(memory, 0.5).toFixed(0)} | ${Math.max(...memory).toFixed(0)} | < 130 |`,
  ];
}

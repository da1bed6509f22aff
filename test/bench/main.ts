/**
 * Measures what Taffrail costs on the way of a log, against a plain Node pipe in the same minutes: `npm run bench`,
 * about twenty-five minutes. `npm run bench -- PART…` measures some of it: throughput, first-bytes, small-reads, grep,
 * searches, streams, hostile-runs, lists, floods. `--program FILE` measures another build than this one; `--quick` tries
 * out hostile-runs and floods in a minute, for no figures.
 *
 * nginx -> Taffrail or pipe -> curl, on the loopback interface; the log lies in memory. The ways take turns, so that
 * whatever else the machine does hits them alike. Taffrail is built first and runs as users run it: from its source it
 * holds 80 MiB more. Prints Markdown.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { type KubeObject, loadObjects } from "../../src/demo/objects.ts";
import { tokenNamed } from "../../src/demo/tokens.ts";
import { runCommand } from "../real/run-command.ts";
import { ChildServer } from "../real/servers/child-server.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { startNginx } from "../real/servers/nginx.ts";
import { writeLog } from "./corpus.ts";
import { measureFloods } from "./floods.ts";
import { measureGrep } from "./grep.ts";
import { measureHostileRuns } from "./hostile-runs.ts";
import { measureLargeLists } from "./large-lists.ts";
import { measureFirstByte } from "./latency.ts";
import { measureLongStreams } from "./long-streams.ts";
import { measureSearchedReads } from "./searched-reads.ts";
import { measureSmallReads } from "./small-reads.ts";
import { percentile } from "./statistics.ts";
import { measureThroughput, type Target, type ThroughputSample } from "./throughput.ts";
import { latencyWays, logPath, throughputWays, type Way } from "./ways.ts";

const LARGE_BYTES = 512 * 2 ** 20;
const SMALL_BYTES = 4096;
const ROUNDS = 5;
const FIRST_BYTES = 200;
const WARM_UPS = 20;

type Servers = Readonly<Record<Way["server"], Target>>;

const root = join(import.meta.dirname, "../..");
const { values, positionals: chosen } = parseArgs({
  options: { program: { type: "string" }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const program = values.program ?? join(root, "dist/main.js");
const memory = "/dev/shm";
const undo: (() => Promise<unknown>)[] = [];

try {
  const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), "taffrail-bench-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  if (values.program === undefined) await runCommand(process.execPath, ["build.ts"], { cwd: root });
  const files = join(folder, "files");
  const { nginxUrl, objects, ...servers } = await startServers(folder, files);
  const cluster = { folder, program, objects, token: tokenNamed(objects, "gateway") };
  const parts: Readonly<Record<string, () => Promise<readonly string[]>>> = {
    throughput: () => measureThroughputs(folder, servers),
    "first-bytes": () => measureFirstBytes(servers),
    "small-reads": () =>
      measureSmallReads({
        folder,
        files,
        nginxUrl,
        pipe: servers.pipe,
        logFile: join(files, logPath("small")),
        program,
      }),
    grep: () => measureGrep(folder),
    searches: () => measureSearchedReads(cluster),
    "hostile-runs": () => measureHostileRuns({ ...cluster, nginxUrl, rounds: values.quick ? 1 : 10 }),
    lists: () => measureLargeLists(cluster),
    floods: () =>
      measureFloods({
        ...cluster,
        files,
        nginxUrl,
        measuredMs: values.quick ? 1_000 : 20_000,
        size: values.quick ? 4 : 100,
      }),
    streams: () => measureLongStreams({ ...cluster, nginxUrl, startPipe }),
  };
  for (const name of chosen) {
    if (!(name in parts)) throw new Error(`There is no part ${name}. There are: ${Object.keys(parts).join(", ")}.`);
  }
  for (const [name, measure] of Object.entries(parts)) {
    if (chosen.length === 0 || chosen.includes(name)) print(...(await measure()), "");
  }
} finally {
  for (const step of undo.toReversed()) await step();
}

/** A plain pipe to an origin. */
async function startPipe(origin: string): Promise<Target> {
  const pipe = new ChildServer("pipe", process.execPath, [join(import.meta.dirname, "pipe-proxy.ts"), origin]);
  undo.push(() => pipe.stop());
  return { url: await pipe.waitFor(() => /http:\S+/.exec(pipe.output)?.[0]), pid: pipe.pid };
}

async function startServers(
  folder: string,
  files: string,
): Promise<Servers & { readonly nginxUrl: string; readonly objects: readonly KubeObject[] }> {
  for (const [log, bytes] of [
    ["large", LARGE_BYTES],
    ["small", SMALL_BYTES],
  ] as const) {
    await mkdir(dirname(join(files, logPath(log))), { recursive: true });
    await writeLog(join(files, logPath(log)), bytes);
  }
  const nginx = await startNginx({ folder, files });
  undo.push(() => nginx.server.stop());

  const pipe = await startPipe(nginx.url);
  const objects = loadObjects(await readFile(join(import.meta.dirname, "cluster.yaml"), "utf8"), new Date());
  const kubernetes = await startMiniKubernetes({ objects });
  undo.push(() => kubernetes.close());
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify({
      sources: [{ name: "nginx", http: { url: `${nginx.url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } }],
    }),
    kubernetes: { url: kubernetes.url, token: tokenNamed(objects, "gateway") },
  });
  undo.push(() => gateway.server.stop());
  return {
    nginxUrl: nginx.url,
    objects,
    pipe,
    taffrail: { url: gateway.url, pid: gateway.server.pid },
  };
}

async function measureThroughputs(folder: string, servers: Servers): Promise<readonly string[]> {
  const samples = new Map<Way, ThroughputSample[]>(throughputWays.map((way) => [way, []]));
  // The first round only warms the servers up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const way of throughputWays) {
      const sample = await measureThroughput(way, servers[way.server], LARGE_BYTES, folder);
      if (round > 0) samples.get(way)?.push(sample);
    }
  }
  const median = (way: Way, field: keyof ThroughputSample) =>
    percentile(
      (samples.get(way) ?? []).map((sample) => sample[field]),
      0.5,
    );
  const [baseline] = throughputWays;

  return [
    `## One stream of ${LARGE_BYTES / 2 ** 20} MiB (median of ${ROUNDS}, Node ${process.version}, ${cpus().length} cores)`,
    "",
    "| way | MB/s | server CPU s/GiB | CPU against the pipe | peak RSS MiB |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...throughputWays.map((way) => {
      const cpu = median(way, "cpuSecondsPerGib");
      const ratio = cpu / median(baseline, "cpuSecondsPerGib");
      const peak = Math.max(...(samples.get(way) ?? []).map((sample) => sample.peakMemoryMib));
      const figures = [median(way, "megabytesPerSecond").toFixed(0), cpu.toFixed(2), ratio.toFixed(2), peak.toFixed(0)];
      return `| ${way.name} | ${figures.join(" | ")} |`;
    }),
  ];
}

async function measureFirstBytes(servers: Servers): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true });
  undo.push(async () => agent.destroy());
  const samples = new Map<Way, number[]>(latencyWays.map((way) => [way, []]));
  for (let round = -WARM_UPS; round < FIRST_BYTES; round++) {
    for (const way of latencyWays) {
      const elapsed = await measureFirstByte(way, servers[way.server].url, agent);
      if (round >= 0) samples.get(way)?.push(elapsed);
    }
  }
  return [
    `## First byte of a log of ${SMALL_BYTES} bytes (${FIRST_BYTES} reads, one at a time)`,
    "",
    "| way | median ms | p99 ms |",
    "| --- | ---: | ---: |",
    ...latencyWays.map((way) => {
      const values = samples.get(way) ?? [];
      return `| ${way.name} | ${percentile(values, 0.5).toFixed(2)} | ${percentile(values, 0.99).toFixed(2)} |`;
    }),
  ];
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

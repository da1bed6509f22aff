/**
 * Measures each source against a plain Node pipe and against its store's own tool: `npm run bench:sources`. `-- --quick`
 * reads 300,000 lines instead of 2 GB. `-- --program FILE` measures another build than this one.
 *
 * store -> Taffrail -> curl on the loopback interface; the data lies in memory. The ways take turns. Prints Markdown.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { loadObjects } from "../../src/demo/objects.ts";
import { tokenNamed } from "../../src/demo/tokens.ts";
import { percentile } from "../bench/statistics.ts";
import { measureThroughput, type ThroughputSample } from "../bench/throughput.ts";
import { logPath, throughputWays } from "../bench/ways.ts";
import { runCommand } from "../real/run-command.ts";
import { ChildServer } from "../real/servers/child-server.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { startNginx } from "../real/servers/nginx.ts";
import { writeLines } from "./lines.ts";
import { storeInLoki } from "./loki.ts";
import { storeInBucket } from "./s3.ts";

/** A log in a store. */
export interface StoredForBench {
  /** The sources that can read it, as in taffrail.yaml, by their names in the table. */
  readonly sources: Readonly<Record<string, object>>;
  /** Reads the log once with the store's own tool. */
  readonly tool: { readonly name: string; read(): Promise<ThroughputSample> };
  stop(): Promise<unknown>;
}

const QUICK = { lines: 300_000, lineBytes: 120, warmUps: 1, rounds: 3 };
/** 2 GB, which takes a quarter of an hour: once. */
const FULL = { lines: 3_000_000, lineBytes: 680, warmUps: 0, rounds: 1 };

const root = join(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { program: { type: "string" }, quick: { type: "boolean", default: false } } });
const size = values.quick ? QUICK : FULL;
const memory = "/dev/shm";
const undo: (() => Promise<unknown>)[] = [];

try {
  const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), "taffrail-bench-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  if (values.program === undefined) await runCommand(process.execPath, ["build.ts"], { cwd: root });
  const program = values.program ?? join(root, "dist/main.js");

  const files = join(folder, "files");
  const file = join(files, logPath("large"));
  await mkdir(dirname(file), { recursive: true });
  await writeLines(file, size);
  const { size: bytes } = await stat(file);
  const nginx = await startNginx({ folder, files });
  undo.push(() => nginx.server.stop());
  const pipe = new ChildServer("pipe", process.execPath, [join(root, "test/bench/pipe-proxy.ts"), nginx.url]);
  undo.push(() => pipe.stop());
  const pipeUrl = await pipe.waitFor(() => /http:\S+/.exec(pipe.output)?.[0]);

  const objects = loadObjects(await readFile(join(root, "test/bench/cluster.yaml"), "utf8"), new Date());
  const kubernetes = await startMiniKubernetes({ objects });
  undo.push(() => kubernetes.close());
  const stores = [await storeInBucket(folder, file), await storeInLoki(folder, file, Date.now() - 2 * 3_600_000)];
  for (const store of stores) undo.push(() => store.stop());

  const [pipeWay, rawWay] = throughputWays;
  if (rawWay === undefined) throw new Error("There is no raw route.");
  const gatewayWith = async (source: object) => {
    const gateway = await startGateway({
      program,
      folder,
      config: JSON.stringify({ sources: [{ name: "store", ...source }] }),
      kubernetes: { url: kubernetes.url, token: tokenNamed(objects, "gateway") },
    });
    undo.push(() => gateway.server.stop());
    return { url: gateway.url, pid: gateway.server.pid };
  };
  const http = { http: { url: `${nginx.url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } };
  const sources = { "`http`, from nginx": http, ...Object.assign({}, ...stores.map((store) => store.sources)) };
  const ways = new Map<string, () => Promise<ThroughputSample>>();
  ways.set("plain Node pipe, from nginx", () =>
    measureThroughput(pipeWay, { url: pipeUrl, pid: pipe.pid }, bytes, folder),
  );
  for (const [name, source] of Object.entries<object>(sources)) {
    const gateway = await gatewayWith(source);
    ways.set(`Taffrail, ${name}`, () => measureThroughput(rawWay, gateway, bytes, folder));
  }
  for (const { tool } of stores) ways.set(tool.name, () => tool.read());
  const samples = new Map<string, ThroughputSample[]>();
  for (let round = 0; round < size.warmUps + size.rounds; round += 1) {
    for (const [name, measure] of ways) {
      const sample = await measure();
      process.stderr.write(`${name}: ${sample.megabytesPerSecond.toFixed(1)} MB/s\n`);
      if (round >= size.warmUps) samples.set(name, [...(samples.get(name) ?? []), sample]);
    }
  }
  const lines = [
    `## One log of ${size.lines} lines, ${(bytes / 1e6).toFixed(0)} MB (median of ${size.rounds}, Node ${process.version}, ${cpus().length} cores)`,
    "",
    "| way | MB/s | its CPU s/GiB | peak RSS MiB |",
    "| --- | ---: | ---: | ---: |",
    ...[...samples].map(([name, each]) => {
      const median = (field: keyof ThroughputSample) =>
        percentile(
          each.map((sample) => sample[field]),
          0.5,
        );
      const peak = Math.max(...each.map((sample) => sample.peakMemoryMib));
      return `| ${name} | ${median("megabytesPerSecond").toFixed(1)} | ${median("cpuSecondsPerGib").toFixed(1)} | ${Number.isNaN(peak) ? "–" : peak.toFixed(0)} |`;
    }),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  for (const step of undo.toReversed()) await step();
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { HOSTILE_PARTS, hostileRun, OBJECT_BYTES } from "../fakes/hostile-runs.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { writeLog } from "./corpus.ts";
import { floodToken, READER_TOKENS, type Readings } from "./flood-callers.ts";
import { percentile } from "./statistics.ts";

/** What the bench of floods needs. */
export interface FloodsOptions {
  readonly folder: string;
  /** The folder that nginx serves. */
  readonly files: string;
  /** The gateway, built. */
  readonly program: string;
  /** The bench's cluster. */
  readonly objects: readonly KubeObject[];
  /** The gateway's token for it. */
  readonly token: string;
  readonly nginxUrl: string;
  /** How long readers read, in milliseconds: without a flood, and with each. */
  readonly measuredMs: number;
  /** How many floods of a kind come at once. */
  readonly size: number;
}

/** For a flood to reach its limits, and for the gateway to recover from it. */
const SETTLE_MS = 2_000;
const CONTAINERS = 50;
const CONTAINER_BYTES = 8 * 2 ** 20;
/** The rows of the table: kinds of floods, one alone or some at once. */
const ROWS: readonly (readonly string[])[] = [
  ["sign-ins"],
  ["reflection"],
  ["health-watches"],
  ["sign-ins", "reflection", "health-watches"],
  ["hostile-runs"],
  ["stalled-readers"],
  ["sign-ins", "reflection", "health-watches", "hostile-runs", "stalled-readers"],
];
/** Parts of the runs that are read: those that cost most. */
const PARTS = [
  "metrics and results",
  "measurements",
  "measurements without anything",
  "containers",
  "dry-run rules that are costly",
  "an argument that fills every text",
  "labels",
  "owners",
];
const UID = "00000000-0000-4000-8000-0000000000f0";

/**
 * Measures how long 50 readers of a small log wait, who go on all the time: alone, and beside each flood. Each flood runs
 * between two measurements without it. Everything stays on this machine, and ends by itself.
 *
 * Returns Markdown.
 */
export async function measureFloods(options: FloodsOptions): Promise<readonly string[]> {
  const { folder, files, program, token, nginxUrl, measuredMs, size } = options;
  const small = { namespace: "bench", name: "small", uid: UID };
  const containers = Array.from({ length: CONTAINERS }, (_, index) => `c-${index}`);
  const kubernetes = await startMiniKubernetes({
    objects: [
      ...options.objects,
      ...callers(),
      hostileRun(small, []),
      manyContainers(containers),
      ...PARTS.map((name, index) => {
        const part = HOSTILE_PARTS.find((each) => each.name === name);
        if (part === undefined) throw new Error(`There is no part ${name}.`);
        const own = { namespace: "bench", name: `hostile-${index}`, uid: `${UID.slice(0, -2)}e${index}` };
        return hostileRun(own, [{ part, bytes: OBJECT_BYTES }]);
      }),
    ],
  });
  await store(files, "bench", `${UID}.checks.1`, "main", 4096);
  for (const each of containers) await store(files, "bench", `${wideUid}.checks.1`, each, CONTAINER_BYTES);
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify({
      sources: [{ name: "nginx", http: { url: `${nginxUrl}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } }],
    }),
    kubernetes: { url: kubernetes.url, token },
  });
  const readers = startReaders(gateway.url);
  try {
    const measure = () => readers.readings(measuredMs);
    await measure();
    const rows: string[] = [];
    for (const kinds of ROWS) {
      const before = await measure();
      const running = await Promise.all(kinds.map((kind) => startFlood(kind, gateway.url, size, floodToken(kinds))));
      await pause(SETTLE_MS);
      const beside = await measure();
      await Promise.all(running.map((stop) => stop()));
      await pause(SETTLE_MS);
      const after = await measure();
      rows.push(row(kinds.join(", "), [...before.times, ...after.times], beside));
    }
    return [
      `## ${READER_TOKENS.length} readers of a log of 4096 bytes beside floods (${size} of each at once; aim: p99 within 3x)`,
      "",
      "| flood | reads | alone p50 ms | p99 ms | beside it p50 ms | p99 ms | p99 ratio | refused |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
      ...rows,
    ];
  } finally {
    await readers.stop();
    await gateway.server.stop();
    await kubernetes.close();
  }
}

function row(flood: string, alone: readonly number[], beside: Readings): string {
  const p99 = [percentile(alone, 0.99), percentile(beside.times, 0.99)] as const;
  const figures = [percentile(alone, 0.5), p99[0], percentile(beside.times, 0.5), p99[1], p99[1] / p99[0]];
  return `| ${flood} | ${beside.times.length} | ${figures.map((each) => each.toFixed(1)).join(" | ")} | ${beside.failed} |`;
}

/**
 * Starts 50 readers of the small log, who go on until they are stopped. In a process of their own: the API server that
 * this one holds is busy while large runs are read.
 */
function startReaders(url: string) {
  const program = join(import.meta.dirname, "flood-readers.ts");
  const child = spawn(process.execPath, [program, url], { stdio: ["pipe", "pipe", "inherit"] });
  let reads: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => void reads.push(line));
  return {
    /** What they see in some time from now on. */
    async readings(ms: number): Promise<Readings> {
      reads = [];
      await pause(ms);
      const times = reads.filter((each) => each !== "failed").map(Number);
      return { times, failed: reads.length - times.length };
    },
    async stop(): Promise<void> {
      child.stdin.end();
      await once(child, "close");
    },
  };
}

/** Starts a flood. @returns a function that ends it. */
async function startFlood(kind: string, url: string, size: number, token: string): Promise<() => Promise<void>> {
  const program = join(import.meta.dirname, "flood-program.ts");
  const child = spawn(process.execPath, [program, kind, url, String(size), token], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return async () => {
    child.stdin.end();
    await once(child, "close");
  };
}

/** The readers, and those whose calls are the floods that need a token: what they hold is their own share. */
function callers(): readonly KubeObject[] {
  const users = [...READER_TOKENS, ...ROWS.map(floodToken)];
  return [
    ...users.map((token) => ({
      apiVersion: "demo.taffrail/v1",
      kind: "Token",
      metadata: { name: token },
      token,
      user: { username: token },
    })),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "flood-readers" },
      roleRef: { kind: "ClusterRole", name: "everything" },
      subjects: users.map((name) => ({ kind: "User", name })),
    },
  ];
}

const wideUid = UID.replace(/0$/, "1");

function manyContainers(names: readonly string[]): KubeObject {
  const run = hostileRun({ namespace: "bench", name: "containers", uid: wideUid }, []);
  const template = { spec: { containers: names.map((name) => ({ name })) } };
  return { ...run, spec: { metrics: [{ name: "checks", provider: { job: { spec: { template } } } }] } } as KubeObject;
}

async function store(files: string, project: string, job: string, container: string, bytes: number): Promise<void> {
  const file = join(files, project, job, `${container}.log`);
  await mkdir(dirname(file), { recursive: true });
  await writeLog(file, bytes);
}

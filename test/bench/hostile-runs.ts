import { performance } from "node:perf_hooks";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { HOSTILE_PARTS, hostileRun, OBJECT_BYTES } from "../fakes/hostile-runs.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { readCpuSeconds } from "./process-stats.ts";
import { percentile } from "./statistics.ts";

/** What the bench of hostile runs needs. */
export interface HostileRunsOptions {
  readonly folder: string;
  /** The gateway, built. */
  readonly program: string;
  /** The bench's cluster. */
  readonly objects: readonly KubeObject[];
  /** The gateway's token for it. */
  readonly token: string;
  readonly nginxUrl: string;
  /** How often each call is made for each run. */
  readonly rounds: number;
}

/** Where the bench's runs lie, and the token that may read them. */
const NAMESPACE = "bench";
const READER = "bench-reader";
const PLAIN = "plain";
const HEALTH_MS = 5;

const CALLS = {
  GetAnalysisRun: (name: string) => rpc("GetAnalysisRun", { namespace: NAMESPACE, name }),
  ListAnalysisRuns: () => rpc("ListAnalysisRuns", { namespace: NAMESPACE }),
  GetAnalysisRunLogs: (name: string) => ({
    path: `/raw/${NAMESPACE}/${name}?metric=checks`,
    init: { headers: BEARER },
  }),
} as const;
const BEARER = { authorization: `Bearer ${READER}` };

interface Cost {
  readonly cpuMs: number;
  readonly ms: number;
  /** The longest that a health check waited meanwhile. */
  readonly heldMs: number;
}

/**
 * Measures what runs of 1.45 MB cost, each with most of it in another part, against the same call on a plain run in the
 * same minutes. A plain run is listed beside each.
 *
 * Returns Markdown.
 */
export async function measureHostileRuns(options: HostileRunsOptions): Promise<readonly string[]> {
  const { folder, program, token, nginxUrl, rounds } = options;
  const ref = { namespace: NAMESPACE, name: PLAIN, uid: "00000000-0000-4000-8000-0000000000a1" };
  const kubernetes = await startMiniKubernetes({ objects: [...options.objects, hostileRun(ref, [])] });
  const config = {
    sources: [{ name: "nginx", http: { url: `${nginxUrl}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` } }],
    links: [{ title: "Report", url: "https://reports.example.com/${{ jobName }}/${{ container }}.html" }],
    limits: { callsPerCaller: 1_000_000 },
  };
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify(config),
    kubernetes: { url: kubernetes.url, token },
  });
  try {
    const measure = (call: keyof typeof CALLS, name: string) =>
      costOf(gateway.url, gateway.server.pid, CALLS[call](name), rounds);
    for (const call of Object.keys(CALLS) as (keyof typeof CALLS)[]) await measure(call, PLAIN);
    const rows: string[] = [];
    for (const part of HOSTILE_PARTS) {
      const own = { ...ref, name: "hostile", uid: ref.uid.replace(/1$/, "2") };
      const cells: string[] = [];
      for (const call of Object.keys(CALLS) as (keyof typeof CALLS)[]) {
        kubernetes.put(hostileRun(own, []));
        const plain = await measure(call, PLAIN);
        kubernetes.put(hostileRun(own, [{ part, bytes: OBJECT_BYTES }]));
        const cost = await measure(call, "hostile");
        cells.push(
          `${cost.cpuMs.toFixed(0)} (${(cost.cpuMs / Math.max(0.1, plain.cpuMs)).toFixed(0)}x)`,
          cost.heldMs.toFixed(0),
        );
      }
      rows.push(`| ${part.name} | ${cells.join(" | ")} |`);
    }
    const heads = Object.keys(CALLS).flatMap((call) => [
      `${call}, CPU ms a call (against a plain run)`,
      "longest /healthz ms",
    ]);
    return [
      `## Runs of 1.45 MB (mean of ${rounds} calls; aim: at most 300 ms of CPU a call, and 50 ms at a time)`,
      "",
      `| most of it | ${heads.join(" | ")} |`,
      `| --- |${" ---: |".repeat(heads.length)}`,
      ...rows,
    ];
  } finally {
    await gateway.server.stop();
    await kubernetes.close();
  }
}

async function costOf(url: string, pid: number, call: ReturnType<typeof rpc>, rounds: number): Promise<Cost> {
  const waits = [0];
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const began = performance.now();
      await (await fetch(`${url}/healthz`)).arrayBuffer();
      waits.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, HEALTH_MS));
    }
  };
  const watching = watch();
  const cpu = readCpuSeconds(pid);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await (await fetch(url + call.path, call.init)).arrayBuffer();
    times.push(performance.now() - began);
  }
  const cpuMs = ((readCpuSeconds(pid) - cpu) * 1_000) / rounds;
  isOver = true;
  await watching;
  return { cpuMs, ms: percentile(times, 0.5), heldMs: Math.max(...waits) };
}

function rpc(method: string, body: object): { readonly path: string; readonly init: RequestInit } {
  const headers = { ...BEARER, "content-type": "application/json" };
  return {
    path: `/taffrail.v1.AnalysisRunLogService/${method}`,
    init: { method: "POST", headers, body: JSON.stringify(body) },
  };
}

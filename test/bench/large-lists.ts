import { setTimeout as pause } from "node:timers/promises";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { HOSTILE_PARTS, hostileRun } from "../fakes/hostile-runs.ts";
import { startGateway } from "../real/servers/gateway.ts";
import { readMemory, readPeakMemory, resetPeakMemory } from "./process-stats.ts";

/** What the bench of large lists needs. */
export interface LargeListsOptions {
  readonly folder: string;
  /** The gateway, built. */
  readonly program: string;
  /** The bench's cluster. */
  readonly objects: readonly KubeObject[];
  /** The gateway's token for it. */
  readonly token: string;
}

const NAMESPACE = "bench";
const READER = "bench-reader";
const RUNS = 250;
const RUN_BYTES = 800_000;
/** How many lists are asked for at once, and the aim for what they take above the rest, in MB. */
const ROWS = [
  [1, 150],
  [24, 250],
] as const;
/** For the thread that parses large lists to end. */
const REST_MS = 12_000;

/**
 * Measures the memory that lists of a project with 250 runs of 800 KB take, above that of the gateway at rest.
 *
 * Returns Markdown.
 */
export async function measureLargeLists(options: LargeListsOptions): Promise<readonly string[]> {
  const { folder, program, objects, token } = options;
  const part = HOSTILE_PARTS.find(({ name }) => name === "measurements");
  if (part === undefined) throw new Error("There is no part of measurements.");
  const runs = Array.from({ length: RUNS }, (_, index) => {
    const uid = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    return hostileRun({ namespace: NAMESPACE, name: `run-${index}`, uid }, [{ part, bytes: RUN_BYTES }]);
  });
  const kubernetes = await startMiniKubernetes({ objects: [...objects, ...runs] });
  const gateway = await startGateway({
    program,
    folder,
    config: JSON.stringify({ limits: { callsPerCaller: 1_000_000 } }),
    kubernetes: { url: kubernetes.url, token },
  });
  const list = async (): Promise<void> => {
    const response = await fetch(`${gateway.url}/taffrail.v1.AnalysisRunLogService/ListAnalysisRuns`, {
      method: "POST",
      headers: { authorization: `Bearer ${READER}`, "content-type": "application/json" },
      body: JSON.stringify({ namespace: NAMESPACE }),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`A list was refused: HTTP ${response.status}.`);
  };
  try {
    const rows: string[] = [];
    for (const [count, aim] of ROWS) {
      const { pid } = gateway.server;
      await pause(REST_MS);
      const rest = readMemory(pid);
      resetPeakMemory(pid);
      const began = performance.now();
      await Promise.all(Array.from({ length: count }, list));
      const seconds = (performance.now() - began) / 1_000;
      const peak = readPeakMemory(pid);
      const figures = [rest, peak, peak - rest].map((bytes) => (bytes / 1e6).toFixed(0));
      rows.push(`| ${count} | ${seconds.toFixed(1)} | ${figures.join(" | ")} | ${aim} |`);
    }
    return [
      `## Lists of a project with ${RUNS} runs of ${RUN_BYTES / 1_000} KB`,
      "",
      "| at once | seconds | RSS at rest MB | peak MB | above rest MB | aim MB |",
      "| ---: | ---: | ---: | ---: | ---: | ---: |",
      ...rows,
    ];
  } finally {
    await gateway.server.stop();
    await kubernetes.close();
  }
}

import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../real/run-command.ts";
import { readCpuSeconds, readPeakMemory, resetPeakMemory } from "./process-stats.ts";
import type { Way } from "./ways.ts";

/** A server under measurement. */
export interface Target {
  readonly url: string;
  readonly pid: number;
}

/** The result of one read of the large log. */
export interface ThroughputSample {
  readonly megabytesPerSecond: number;
  /** CPU time of the server, not of the client or the store. */
  readonly cpuSecondsPerGib: number;
  readonly peakMemoryMib: number;
}

/**
 * Reads the large log once with curl, which discards it, so that the client uses hardly any CPU. Throws unless all of
 * it was received.
 */
export async function measureThroughput(
  way: Way,
  target: Target,
  bytes: number,
  folder: string,
): Promise<ThroughputSample> {
  const own = await mkdtemp(join(folder, "curl-"));
  const body = way.body("large");
  if (body !== undefined) await writeFile(join(own, "body"), body);
  const args = [
    ["--silent", "--show-error", "--output", "/dev/null", "--max-time", "300"],
    ["--write-out", "%{http_code} %{size_download} %{time_total}"],
    way.version === "h2c" ? ["--http2-prior-knowledge"] : ["--http1.1"],
    ["--request", way.method],
    ...Object.entries(way.headers).map(([name, value]) => ["--header", `${name}: ${value}`]),
    body === undefined ? [] : ["--data-binary", `@${join(own, "body")}`],
    [`${target.url}${way.path("large")}`],
  ].flat();

  resetPeakMemory(target.pid);
  const cpuBefore = readCpuSeconds(target.pid);
  const [status, received, seconds] = (await runCommand("curl", args)).split(" ").map(Number);
  const cpu = readCpuSeconds(target.pid) - cpuBefore;

  // Envelopes and other messages are far less than a hundredth of the log.
  if (status !== 200 || received === undefined || received < bytes || received > bytes * 1.01) {
    throw new Error(`${way.name}: status ${status}, ${received} bytes instead of ${bytes}.`);
  }
  return {
    megabytesPerSecond: bytes / 1e6 / (seconds ?? Number.NaN),
    cpuSecondsPerGib: cpu / (bytes / 2 ** 30),
    peakMemoryMib: readPeakMemory(target.pid) / 2 ** 20,
  };
}

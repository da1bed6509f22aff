import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { ThroughputSample } from "../bench/throughput.ts";
import { logPath } from "../bench/ways.ts";
import { resolveServer } from "../real/programs/resolve.ts";
import { tryCommand } from "../real/run-command.ts";
import { startLoki } from "../real/servers/loki.ts";
import type { StoredForBench } from "./main.ts";

/** How many lines are pushed at once. */
const BATCH = 5_000;
/** Between two lines: the log takes less than an hour. */
const STEP_NANOS = 1_000_000n;

/** Stores a log in Loki as Alloy does. `startedAt`: when its first line was written, in milliseconds since 1970. */
export async function storeInLoki(folder: string, file: string, startedAt: number): Promise<StoredForBench> {
  const loki = await startLoki({ folder });
  const [, namespace = "", job = ""] = logPath("large").split("/");
  const pod = `${job}-abcde`;
  let time = BigInt(startedAt) * 1_000_000n;
  let values: [string, string][] = [];
  const push = async (): Promise<void> => {
    await loki.push([{ stream: { namespace, pod, container: "main" }, values }]);
    values = [];
  };
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    values.push([`${time}`, line]);
    time += STEP_NANOS;
    if (values.length === BATCH) await push();
  }
  await push();
  const { path } = await resolveServer("logcli");
  const { size } = await stat(file);
  const range = [
    `--from=${new Date(startedAt).toISOString()}`,
    `--to=${new Date(startedAt + 3_600_000).toISOString()}`,
  ];
  const query = ["query", `{pod="${pod}"}`, ...range, "--forward", "--limit=100000000", "--batch=5000"];
  return {
    source: { loki: { url: loki.url, preset: "alloy" } },
    tool: {
      name: "logcli query --forward --batch=5000",
      read: () => timeCommand(path, [`--addr=${loki.url}`, "--quiet", ...query, "--output=raw"], size),
    },
    stop: () => loki.server.stop(),
  };
}

/** Runs a command that prints a log of so many bytes, which are counted and discarded. Its memory is not measured. */
async function timeCommand(path: string, args: readonly string[], bytes: number): Promise<ThroughputSample> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" | wc -c';
  const { stdout, stderr } = await tryCommand("bash", ["-c", script, "bash", path, ...args]);
  const [seconds, user, system] = stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  if (Number(stdout) !== bytes || seconds === undefined || user === undefined || system === undefined) {
    throw new Error(`The tool printed ${stdout.trim()} bytes instead of ${bytes}: ${stderr}`);
  }
  return {
    megabytesPerSecond: bytes / 1e6 / seconds,
    cpuSecondsPerGib: (user + system) / (bytes / 2 ** 30),
    peakMemoryMib: Number.NaN,
  };
}

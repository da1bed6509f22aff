import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { logPath } from "../bench/ways.ts";
import { resolveServer } from "../real/programs/resolve.ts";
import { startLoki } from "../real/servers/loki.ts";
import type { StoredForBench } from "./main.ts";
import { timeCommand } from "./time-command.ts";

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
    sources: { "`loki`": { loki: { url: loki.url, preset: "alloy" } } },
    tool: {
      name: "logcli query --forward --batch=5000",
      read: () => timeCommand(path, [`--addr=${loki.url}`, "--quiet", ...query, "--output=raw"], {}, size),
    },
    stop: () => loki.server.stop(),
  };
}

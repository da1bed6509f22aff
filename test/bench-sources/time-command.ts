import type { ThroughputSample } from "../bench/throughput.ts";
import { tryCommand } from "../real/run-command.ts";

/** Runs a command that prints a log of so many bytes, which are counted and discarded. Its memory is not measured. */
export async function timeCommand(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  bytes: number,
): Promise<ThroughputSample> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" | wc -c';
  const { stdout, stderr } = await tryCommand("bash", ["-c", script, "bash", path, ...args], { env });
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

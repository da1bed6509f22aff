import type { ThroughputSample } from "../bench/throughput.ts";
import { tryCommand } from "../real/run-command.ts";

/** Where a command that is to write a file can write a log, so that what it prints besides is not counted. */
export const LOG_FILE = "/dev/fd/3";

/**
 * Runs a command that writes a log of so many bytes to {@link LOG_FILE} if that is among its arguments, else prints it.
 * The bytes are counted and discarded. Its memory is not measured.
 */
export async function timeCommand(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  bytes: number,
): Promise<ThroughputSample> {
  const written = args.includes(LOG_FILE) ? "3>&1 >/dev/null" : "";
  const script = `TIMEFORMAT="%R %U %S"; time "$@" ${written} | wc -c`;
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

import type { AnalysisRun, Metric } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type LogChoice, pathOf } from "../client/addresses.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";

/** Which log of a run. */
export interface LogFlags {
  readonly metric?: string;
  readonly attempt?: string;
  readonly container?: string;
}

/** The page that shows a run's log. */
export interface PageAddress {
  readonly url: string;
  /** Which log it is; absent if the run has none yet. */
  readonly log: LogChoice | undefined;
}

/**
 * The address of a run's log on the server's page, or its path without a server. It names the metric, attempt and container that are selected now, so
 * that it shows the same log after further attempts.
 *
 * @throws CliError with status 3 if a given name does not exist.
 */
export async function pageAddress(
  { client, server, project }: Connection,
  run: string,
  flags: LogFlags,
  signal: AbortSignal,
): Promise<PageAddress> {
  const { analysisRun } = await client.getAnalysisRun({ namespace: project, name: run }, { signal });
  const log = analysisRun && choose(analysisRun, flags);
  return { url: `${server ?? ""}${pathOf({ page: "run", project, run, ...(log && { log }) })}`, log };
}

function choose(run: AnalysisRun, flags: LogFlags): LogChoice | undefined {
  const { defaultSelection: chosen } = run;
  const jobs = run.metrics.filter(({ provider }) => provider === "job");
  const name = flags.metric ?? chosen?.metricName;
  if (name === undefined) return undefined;
  const metric = jobs.find((each) => each.name === name);
  if (metric === undefined) {
    throw noSuch(
      "metric with a log",
      name,
      jobs.map((each) => each.name),
    );
  }
  const isChosen = name === chosen?.metricName;
  const attempt = attemptOf(metric, flags.attempt, isChosen ? chosen?.attempt : undefined);
  const names = metric.containers.map((each) => each.name);
  const container =
    flags.container ??
    (isChosen ? chosen?.containerName : undefined) ??
    metric.containers.find(({ init }) => !init)?.name;
  if (container !== undefined && container !== "all" && !names.includes(container)) {
    throw noSuch("container", container, names);
  }
  if (attempt === undefined) return { metric: name };
  return { metric: name, attempt, ...(container && { container }) };
}

/** `undefined`: there is none yet. */
function attemptOf({ attempts }: Metric, flag: string | undefined, chosen: number | undefined): string | undefined {
  const numbers = attempts.map(({ number }) => String(number));
  if (flag === undefined) return chosen ? String(chosen) : numbers.at(-1);
  if (flag === "last") return numbers.at(-1);
  if (!numbers.includes(flag)) throw noSuch("attempt", flag, numbers);
  return flag;
}

function noSuch(what: string, name: string, known: readonly string[]): CliError {
  return new CliError(EXIT.noSuchName, `there is no ${what} "${name}"`, [`known: ${known.join(", ") || "none"}`]);
}

import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import {
  AnalysisPhase,
  type AnalysisRunSummary,
  ListAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { printable } from "../quoted.ts";
import { type ConnectionFlags, connect, withConnectionFlags } from "./connection.ts";
import type { CliIo } from "./io.ts";
import { phaseName } from "./phase-name.ts";
import { age } from "./run-age.ts";
import { jsonOf, type Told, watchRuns } from "./runs-watch.ts";
import { parseDuration } from "./time-flags.ts";

interface RunsFlags extends ConnectionFlags {
  readonly stage?: string;
  readonly failed?: boolean;
  readonly freight?: string;
  /** In milliseconds. */
  readonly since?: number;
  readonly watch?: boolean;
  readonly output: "table" | "json" | "name";
}

const PAGE_SIZE = 50;

/** Adds `taffrail runs`. */
export function addRunsCommand(program: Command, io: CliIo): void {
  withConnectionFlags(program.command("runs"))
    .description(`List a project's runs, newest first: the newest ${PAGE_SIZE}.`)
    .option("--stage <stage>", "runs of this Stage only")
    .option("--failed", "runs that failed only")
    .option("--freight <name>", "runs that verified this Freight, or this collection of Freight, only")
    .option("--since <duration>", "runs that were created in this time only: 30m, 12h, 7d", parseDuration)
    .option("-w, --watch", "go on, and print each run again when something of it changes")
    .addOption(
      new Option("-o, --output <format>", "how to print them").choices(["table", "json", "name"]).default("table"),
    )
    .action((flags: RunsFlags) => printRuns(io, flags));
}

async function printRuns(io: CliIo, flags: RunsFlags): Promise<void> {
  const { client, project } = connect(flags, io.env);
  const wish = {
    namespace: project,
    stage: flags.stage ?? "",
    phases: flags.failed ? [AnalysisPhase.FAILED, AnalysisPhase.ERROR] : [],
    freight: flags.freight ?? "",
    ...(flags.since !== undefined && { since: timestampFromMs(Date.now() - flags.since) }),
  };
  if (flags.watch) {
    await watchRuns(client, { ...wish, limit: PAGE_SIZE }, io, (changes, isFirst) =>
      printChanges(io, flags.output, changes, isFirst),
    );
  }
  const answer = await client.listAnalysisRuns({ ...wish, pageSize: PAGE_SIZE }, { signal: io.signal });
  const { analysisRuns: runs } = answer;
  if (flags.output === "json")
    io.stdout.write(`${JSON.stringify(toJson(ListAnalysisRunsResponseSchema, answer), null, 2)}\n`);
  else if (flags.output === "name") io.stdout.write(runs.map(({ name }) => `${name}\n`).join(""));
  else io.stdout.write(table(runs, Date.now()));
  if (runs.length === 0) io.say(`note: project ${project} has no such runs`);
  if (answer.nextPageToken !== "") io.say(`note: there are older ones; --stage and --failed narrow the list`);
  if (answer.incomplete) io.say("note: the project holds more runs than the server reads; some may be missing here");
}

/** The first list, then a line for each change: as a row, as a name where a run is new, or as an object of JSON. */
function printChanges(
  io: CliIo,
  output: RunsFlags["output"],
  changes: readonly (readonly [Told, AnalysisRunSummary])[],
  isFirst: boolean,
): void {
  if (output === "json") {
    for (const [change, run] of changes) io.stdout.write(`${JSON.stringify({ change, analysisRun: jsonOf(run) })}\n`);
  } else if (output === "name") {
    for (const [change, { name }] of changes)
      if (change === "there" || change === "added") io.stdout.write(`${name}\n`);
  } else if (isFirst) {
    io.stdout.write(
      table(
        changes.map(([, run]) => run),
        Date.now(),
      ),
    );
  } else {
    for (const [change, run] of changes) {
      const phase = change === "deleted" || change === "left" ? change : phaseName(run.phase);
      io.stdout.write(
        `${phase.padEnd(PHASE_WIDTH)}  ${age(run, Date.now())}  ${printable(run.stage) || "-"}  ${run.name}\n`,
      );
    }
  }
}

/** The longest phase's. */
const PHASE_WIDTH = "Inconclusive".length;

function table(runs: readonly AnalysisRunSummary[], now: number): string {
  const rows = [
    ["PHASE", "AGE", "STAGE", "NAME"],
    // A Stage's name is what the run's author wrote into an annotation.
    ...runs.map((run) => [phaseName(run.phase), age(run, now), printable(run.stage) || "-", run.name]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

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
import { age, resultName, UNPASSED, whyText } from "./run-words.ts";
import { type ChangeKind, jsonOf, watchRuns } from "./runs-watch.ts";
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
    .option("--stage <stage>", "only runs of this Stage")
    .option("--failed", "only runs that failed or were inconclusive")
    .option("--freight <name>", "only runs that verified this Freight or Freight collection")
    .option("--since <duration>", "only runs created within the last 30m, 12h, 7d", parseDuration)
    .option("-w, --watch", "keep watching, and print each run again when it changes")
    .addOption(new Option("-o, --output <format>", "output format").choices(["table", "json", "name"]).default("table"))
    .action((flags: RunsFlags) => printRuns(io, flags));
}

async function printRuns(io: CliIo, flags: RunsFlags): Promise<void> {
  const { client, project } = connect(flags, io);
  const filter = {
    namespace: project,
    stage: flags.stage ?? "",
    phases: flags.failed ? UNPASSED : [],
    freight: flags.freight ?? "",
    ...(flags.since !== undefined && { since: timestampFromMs(Date.now() - flags.since) }),
  };
  if (flags.watch) {
    await watchRuns(client, { ...filter, limit: PAGE_SIZE }, io, (changes, isFirst) =>
      printChanges(io, flags.output, changes, isFirst),
    );
  }
  const answer = await client.listAnalysisRuns({ ...filter, pageSize: PAGE_SIZE }, { signal: io.signal });
  const { analysisRuns: runs } = answer;
  if (flags.output === "json") io.printJson(toJson(ListAnalysisRunsResponseSchema, answer), 2);
  else if (flags.output === "name") io.print(...runs.map(({ name }) => name));
  else io.print(...table(runs, Date.now()));
  if (flags.failed && runs.some(({ phase }) => phase === AnalysisPhase.INCONCLUSIVE))
    io.say("note: --failed includes runs that were inconclusive");
  if (runs.length === 0) io.say(`note: project ${project} has no matching runs`);
  if (answer.nextPageToken !== "") io.say("note: older runs are not shown; narrow the list with --stage or --failed");
  if (answer.incomplete) io.say("note: the project has more runs than the server reads; some may be missing");
}

/** Prints the first list, then each change: as a row, as the name of a new run, or as a JSON object. */
function printChanges(
  io: CliIo,
  output: RunsFlags["output"],
  changes: readonly (readonly [ChangeKind, AnalysisRunSummary])[],
  isFirst: boolean,
): void {
  if (output === "json") {
    for (const [change, run] of changes) io.printJson({ change, analysisRun: jsonOf(run) });
  } else if (output === "name") {
    for (const [change, { name }] of changes) if (change === "there" || change === "added") io.print(name);
  } else if (isFirst) {
    const runs = changes.map(([, run]) => run);
    io.print(...table(runs, Date.now()));
  } else {
    for (const [change, run] of changes) {
      const isGone = change === "deleted" || change === "left";
      const cells = [age(run, Date.now()), printable(run.stage) || "-", run.name, isGone ? "" : whyText(run)];
      io.print(`${(isGone ? change : resultName(run)).padEnd(PHASE_WIDTH)}  ${cells.join("  ").trimEnd()}`);
    }
  }
}

/** Width of the longest phase name. */
const PHASE_WIDTH = "Inconclusive".length;

/** The lines of a table of runs. */
function table(runs: readonly AnalysisRunSummary[], now: number): string[] {
  const rows = [
    ["PHASE", "AGE", "STAGE", "NAME", "WHY"],
    // A Stage's name comes from an annotation, which the run's author writes.
    ...runs.map((run) => [resultName(run), age(run, now), printable(run.stage) || "-", run.name, whyText(run)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

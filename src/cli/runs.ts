import { toJson } from "@bufbuild/protobuf";
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

interface RunsFlags extends ConnectionFlags {
  readonly stage?: string;
  readonly failed?: boolean;
  readonly output: "table" | "json" | "name";
}

const PAGE_SIZE = 50;

/** Adds `taffrail runs`. */
export function addRunsCommand(program: Command, io: CliIo): void {
  withConnectionFlags(program.command("runs"))
    .description(`List a project's runs, newest first: the newest ${PAGE_SIZE}.`)
    .option("--stage <stage>", "runs of this Stage only")
    .option("--failed", "runs that failed only")
    .addOption(
      new Option("-o, --output <format>", "how to print them").choices(["table", "json", "name"]).default("table"),
    )
    .action((flags: RunsFlags) => printRuns(io, flags));
}

async function printRuns(io: CliIo, flags: RunsFlags): Promise<void> {
  const { client, project } = connect(flags, io.env);
  const phases = flags.failed ? [AnalysisPhase.FAILED, AnalysisPhase.ERROR] : [];
  const answer = await client.listAnalysisRuns(
    { namespace: project, stage: flags.stage ?? "", phases, pageSize: PAGE_SIZE },
    { signal: io.signal },
  );
  const { analysisRuns: runs } = answer;
  if (flags.output === "json")
    io.stdout.write(`${JSON.stringify(toJson(ListAnalysisRunsResponseSchema, answer), null, 2)}\n`);
  else if (flags.output === "name") io.stdout.write(runs.map(({ name }) => `${name}\n`).join(""));
  else io.stdout.write(table(runs, Date.now()));
  if (runs.length === 0) io.say(`note: project ${project} has no such runs`);
  if (answer.nextPageToken !== "") io.say(`note: there are older ones; --stage and --failed narrow the list`);
  if (answer.incomplete) io.say("note: the project holds more runs than the server reads; some may be missing here");
}

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

import { once } from "node:events";
import type { Command } from "commander";
import {
  AnalysisPhase,
  AttemptRule,
  type End,
  EndReason,
  type Origin,
  SelectionReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../client/client.ts";
import { type ConnectionFlags, connect, withConnectionFlags } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { createTerminalFilter } from "./terminal-safe.ts";

interface LogsFlags extends ConnectionFlags {
  readonly metric?: string;
  readonly container?: string;
  readonly attempt?: string;
  readonly pod?: string;
}

/** Adds `taffrail logs`. */
export function addLogsCommand(program: Command, io: CliIo): void {
  withConnectionFlags(program.command("logs"))
    .description("Print the log of a verification job.")
    .argument("[run]", "the AnalysisRun's name, or @latest, or @failed: the newest that failed")
    .option("-m, --metric <metric>", "the metric (default: the first job metric that failed)")
    .option(
      "-c, --container <container>",
      "the container or init container (default: the one that failed, else the pods' default one)",
    )
    .option("-a, --attempt <attempt>", "its number, or last, or failed (default: the one that decided)")
    .option("--pod <pod>", "the pod, where the Job made several (default: the newest that the cluster still knows)")
    .addHelpText(
      "after",
      "\nThe log goes to stdout and nothing else does; what was chosen is said on stderr.\n\nExamples:\n  taffrail logs @failed -n guestbook\n  taffrail logs uat.01jq -n guestbook -m smoke -a 1 > smoke.log",
    )
    .action((run: string | undefined, flags: LogsFlags) => printLog(io, run, flags));
}

async function printLog(io: CliIo, runArgument: string | undefined, flags: LogsFlags): Promise<void> {
  const { client, project } = connect(flags, io.env);
  const { stdout, signal } = io;
  const name = await runName(client, project, runArgument, signal);
  const filter = stdout.isTTY ? createTerminalFilter() : undefined;
  const request = {
    namespace: project,
    name,
    metricName: flags.metric ?? "",
    containerName: flags.container ?? "",
    attempt: attemptField(flags.attempt),
    podName: flags.pod ?? "",
  };
  for await (const event of client.getAnalysisRunLogs(request, { signal })) {
    switch (event.kind) {
      case "chunk":
        if (!stdout.write(filter?.(event.bytes) ?? event.bytes)) await once(stdout, "drain", { signal });
        break;
      case "origin":
        io.say(choiceText(name, event.origin));
        if (event.origin.previous) io.say("note: the container was restarted; this is the log of its run before");
        break;
      case "notice":
        io.say(`note: ${event.notice.message}`);
        break;
      case "end":
        for (const line of endText(event.end)) io.say(line);
        break;
    }
  }
}

async function runName(
  client: TaffrailClient,
  project: string,
  argument: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (argument === undefined) {
    throw new CliError(EXIT.usage, "which run?", [
      `try     taffrail logs @failed -n ${project}`,
      `        taffrail runs -n ${project}      lists them`,
    ]);
  }
  if (!argument.startsWith("@")) return argument;
  if (argument !== "@latest" && argument !== "@failed") {
    throw new CliError(EXIT.usage, `there is no "${argument}"`, ["try     @latest, @failed, or the run's name"]);
  }
  const phases = argument === "@failed" ? [AnalysisPhase.FAILED, AnalysisPhase.ERROR] : [];
  const { analysisRuns } = await client.listAnalysisRuns({ namespace: project, phases, pageSize: 1 }, { signal });
  const [newest] = analysisRuns;
  if (newest !== undefined) return newest.name;
  throw new CliError(EXIT.noSuchName, `project ${project} has no ${argument === "@failed" ? "failed run" : "run"}`);
}

function attemptField(text: string | undefined) {
  if (text === undefined) return { case: undefined };
  if (text === "last") return { case: "attemptRule" as const, value: AttemptRule.LAST };
  if (text === "failed") return { case: "attemptRule" as const, value: AttemptRule.FAILED };
  if (/^[1-9]\d{0,8}$/.test(text)) return { case: "attemptNumber" as const, value: Number(text) };
  throw new CliError(EXIT.usage, `"${text}" is not an attempt`, ["try     -a 1, -a last or -a failed"]);
}

const WHY: Partial<Record<SelectionReason, string>> = {
  [SelectionReason.FAILED]: "failed",
  [SelectionReason.DEFAULT_ANNOTATION]: "the pods' default",
  [SelectionReason.FIRST]: "the first",
  [SelectionReason.LAST]: "the newest",
};

/** `showing run=… metric=robot attempt=2 container=test (failed); others: -a 1`. */
function choiceText(run: string, origin: Origin): string {
  const why = (reason: SelectionReason): string => (WHY[reason] === undefined ? "" : ` (${WHY[reason]})`);
  const others = [
    ...origin.metricNames.filter((each) => each !== origin.metricName).map((each) => `-m ${shellWord(each)}`),
    ...origin.attempts.filter((each) => each !== origin.attempt).map((each) => `-a ${each}`),
    ...origin.containerNames.filter((each) => each !== origin.containerName).map((each) => `-c ${each}`),
    ...origin.podNames.filter((each) => each !== origin.podName).map((each) => `--pod ${each}`),
  ];
  const chosen = [
    `run=${run}`,
    `metric=${shellWord(origin.metricName)}${why(origin.metricReason)}`,
    `attempt=${origin.attempt}${why(origin.attemptReason)}`,
    `container=${origin.containerName}${why(origin.containerReason)}`,
    ...(origin.podName === "" ? [] : [`pod=${origin.podName}${why(origin.podReason)}`]),
    `source=${origin.source}`,
  ];
  return `showing ${chosen.join(" ")}${others.length === 0 ? "" : `; others: ${others.slice(0, 12).join(", ")}`}`;
}

function shellWord(text: string): string {
  return /^[-\w.:/]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function endText({ reason, bytes }: End): string[] {
  const empty = bytes === 0n ? ["note: the log is empty: the container has written no output"] : [];
  switch (reason) {
    case EndReason.COMPLETE:
      return empty;
    case EndReason.CAUGHT_UP:
      return [...empty, "note: the job still runs; this is what it has written so far"];
    case EndReason.SOURCE_ENDED:
      return [
        ...empty,
        "note: the log may still grow: the job ended a moment ago, or the store does not say how long the log is",
      ];
    default:
      // The call fails too, and says why.
      return [];
  }
}

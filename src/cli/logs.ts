import type { Command } from "commander";
import { hasPassed, isFailure, isOpen } from "../client/cause.ts";
import { type Connection, connect } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { createJsonPrinter } from "./log-json-printer.ts";
import { createLogOutput } from "./log-output.ts";
import { createTextPrinter, type LogPrinter, rawPrinter } from "./log-printer.ts";
import { type LogsFlags, withLogsFlags } from "./logs-flags.ts";
import { checkFlags, logsRequest } from "./logs-request.ts";
import { pagerCommand } from "./pager.ts";
import { printLog } from "./print-log.ts";
import { resumeCommand } from "./resume-command.ts";
import { chooseRun } from "./run-choice.ts";
import { causeText } from "./run-words.ts";

const EXAMPLES = `
Only the log goes to stdout; what was selected, and all notes, go to stderr.

Examples:
  taffrail logs @failed -n guestbook
  taffrail logs @latest -n guestbook -f
  taffrail logs uat.01jq -n guestbook --grep 'error|timeout' -i --around 5
  taffrail logs uat.01jq -n guestbook -m smoke -a 1 -o raw > smoke.log`;

/** Adds `taffrail logs`. */
export function addLogsCommand(program: Command, io: CliIo): void {
  withLogsFlags(program.command("logs"))
    .description("Print the log of a verification job.")
    .argument("[run]", "the AnalysisRun's name, or @latest, or @failed: the newest that failed or was inconclusive")
    .addHelpText("after", EXAMPLES)
    .action((run: string | undefined, flags: LogsFlags, command: Command) => showLog(io, run, flags, command));
}

async function showLog(io: CliIo, argument: string | undefined, flags: LogsFlags, command: Command): Promise<void> {
  checkFlags(flags);
  const connection = connect(flags, io);
  const run = await chooseRun(argument, connection, io);
  const now = Date.now();
  const request = logsRequest(flags, connection.project, run, now);
  const since = flags.since === undefined ? undefined : new Date(now - flags.since).toISOString();
  const isTTY = io.stdout.isTTY === true;
  const wantsPager = isTTY && flags.pager && !flags.follow && flags.output === "text";
  const pager = wantsPager ? pagerCommand(io.env) : undefined;
  const output = createLogOutput(io, pager);
  try {
    await printLog({
      client: connection.client,
      request,
      run,
      printer: printerOf(flags, io.env, isTTY, pager !== undefined),
      output,
      io,
      showProgress: !isTTY,
      resumeCommand: (cursor) => resumeCommand(command, run, since, cursor),
    });
  } finally {
    await output.close();
  }
  if (flags.exitStatus) await checkVerification(connection, run, io.signal);
}

function printerOf(flags: LogsFlags, env: NodeJS.ProcessEnv, isTTY: boolean, isPaged: boolean): LogPrinter {
  const timestamps = flags.timestamps ?? false;
  if (flags.output === "raw") return rawPrinter;
  if (flags.output === "json") return createJsonPrinter({ timestamps, allPods: flags.allPods ?? false });
  const obeysControls = isTTY && env.TERM !== "dumb";
  return createTextPrinter({
    timestamps,
    live: obeysControls && !isPaged,
    colors: flags.color === "always" || (flags.color === "auto" && obeysControls && !env.NO_COLOR),
    headings: isTTY && flags.attempt === "all",
    prefix: flags.prefix ?? false,
  });
}

/** @throws CliError with status 10 if the verification has failed, or has ended without a verdict. */
async function checkVerification({ client, project }: Connection, name: string, signal: AbortSignal): Promise<void> {
  const { analysisRun } = await client.getAnalysisRun({ namespace: project, name }, { signal });
  const { summary } = analysisRun ?? {};
  if (summary === undefined || isOpen(summary.phase) || hasPassed(summary)) return;
  const why = causeText(analysisRun?.cause) || analysisRun?.message;
  const what = isFailure(summary.phase) ? "the verification failed" : "the verification has no verdict";
  throw new CliError(EXIT.verificationFailed, `${what}${why ? `: ${why}` : ""}`);
}

import { Code, ConnectError } from "@connectrpc/connect";
import { Command, CommanderError } from "commander";
import { describeError } from "../client/describe-error.ts";
import { VERSION } from "../version.ts";
import { addDemoCommand } from "./demo.ts";
import { CliError, EXIT, exitCodeOf } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { addLogsCommand } from "./logs.ts";
import { addRunsCommand } from "./runs.ts";
import { addServeCommand } from "./serve.ts";

/**
 * Runs the command line.
 *
 * @param args without the program's own name.
 * @returns the exit code.
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const program = new Command("taffrail")
    .description("Read the log of a failed verification job, wherever it is kept.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.say(text.trimEnd()),
    });
  addLogsCommand(program, io);
  addRunsCommand(program, io);
  addServeCommand(program, io);
  addDemoCommand(program, io);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return tell(error, io);
  }
}

/** Says what went wrong: what, where, what to do, and last what to tell an operator. */
function tell(error: unknown, { say, signal }: CliIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    say(`error: ${error.message}`);
    for (const line of error.lines) say(`  ${line}`);
    return error.exitCode;
  }
  if (signal.aborted) return EXIT.interrupted;
  if (isBrokenPipe(error)) return EXIT.brokenPipe;
  const described = describeError(error);
  const unreachable = described.reason === "" && described.code === Code.Unavailable;
  say(`error: ${printable(described.message)}${described.reason === "" ? "" : ` (${described.reason})`}`);
  for (const { source, message } of described.sources) say(`  source  ${printable(source)}: ${printable(message)}`);
  if (described.next !== "") say(`  try     ${printable(described.next)}`);
  else if (unreachable || !(error instanceof ConnectError)) say("  try     again; is the server's address right?");
  if (described.reference !== "") say(`  ref     ${printable(described.reference)}`);
  return exitCodeOf(described);
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException)?.code === "EPIPE";
}

/** Another machine's text, without what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\uFFFD");
}

import { ConnectError } from "@connectrpc/connect";
import { Command, CommanderError } from "commander";
import { describeError } from "../client/describe-error.ts";
import { systemCode } from "../system-code.ts";
import { VERSION } from "../version.ts";
import { addCompletionCommands } from "./completion.ts";
import { addContextCommand } from "./context.ts";
import { addDemoCommand } from "./demo.ts";
import { CliError, EXIT, exitCodeOf } from "./exit.ts";
import { type CliIo, createCliIo, type ProgramIo, programName } from "./io.ts";
import { addLoginCommand } from "./login.ts";
import { addLogoutCommand } from "./logout.ts";
import { addLogsCommand } from "./logs.ts";
import { addOpenCommands } from "./open.ts";
import { shellWord } from "./resume-command.ts";
import { addRunsCommand } from "./runs.ts";
import { addServeCommand } from "./serve.ts";
import { addUiCommand } from "./ui.ts";
import { addWhoamiCommand } from "./whoami.ts";
import { addWhyCommand } from "./why.ts";

/**
 * Runs the command line.
 *
 * @param args without the program's own name.
 * @returns the exit code.
 */
export async function runCli(args: readonly string[], programIo: ProgramIo): Promise<number> {
  const io = createCliIo(programIo);
  const program = new Command(programName(io))
    .description("Read the log of a failed verification job, wherever it is kept.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => {
        for (const line of text.trimEnd().split("\n")) io.say(line);
      },
    });
  addLogsCommand(program, io);
  addWhyCommand(program, io);
  addRunsCommand(program, io);
  addOpenCommands(program, io);
  addUiCommand(program, io);
  addLoginCommand(program, io);
  addLogoutCommand(program, io);
  addWhoamiCommand(program, io);
  addContextCommand(program, io);
  addCompletionCommands(program, io);
  addServeCommand(program, io);
  addDemoCommand(program, io);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return reportError(error, io, args);
  }
}

/** Prints an error: what, where, what to do, and last what to tell an operator. Returns the exit code. */
function reportError(error: unknown, io: CliIo, args: readonly string[]): number {
  const { signal } = io;
  const say = (line: string): void => io.say(asCalled(line, io));
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  // A sign-in that cannot be renewed fails inside a call.
  const fault = error instanceof ConnectError && error.cause instanceof CliError ? error.cause : error;
  if (fault instanceof CliError && !signal.aborted) {
    say(`error: ${fault.message}`);
    for (const line of fault.lines) say(`  ${line}`);
    return fault.exitCode;
  }
  if (signal.aborted) return EXIT.interrupted;
  if (isBrokenPipe(error)) return EXIT.brokenPipe;
  if (!(error instanceof ConnectError)) {
    say(`error: ${(error as Error).message}`);
    return EXIT.other;
  }
  const { reason, message, sources, next, reference } = describeError(error);
  const why = reason || systemCode(error);
  say(`error: ${message}${why && ` (${why})`}`);
  for (const source of sources) say(`  source  ${source.source}: ${source.message}`);
  for (const line of triesOf(reason, next, io, args)) say(line);
  if (reference !== "") say(`  ref     ${reference}`);
  return exitCodeOf(error);
}

/** What to do: the server tells programs, and this its user. */
function triesOf(reason: string, next: string, { env }: CliIo, args: readonly string[]): readonly string[] {
  const first = next === "" || reason === "TOKEN_MISSING" ? [] : [next];
  const variable = ["TAFFRAIL_TOKEN", "TAFFRAIL_TOKEN_FILE"].find((each) => env[each]);
  const isSignIn = args[0] === "login";
  if (variable !== undefined && BY_TOKEN.has(reason) && !isSignIn && !args.includes("--local")) {
    const note = `  note    a server gets the token of ${variable}, unless --token-file names another`;
    return [...first.map((line) => `  try     ${line}`), note];
  }
  if (reason === "" && next === "") return ["  try     again, and check the server's address"];
  if (reason === "TOKEN_MISSING" || reason === "TOKEN_REFUSED") {
    const server = args.includes("--server") ? args[args.indexOf("--server") + 1] : env.TAFFRAIL_SERVER;
    first.push(`taffrail login${server ? ` ${shellWord(server)}` : ""}`);
  }
  return first.map((line, index) => `  ${index === 0 ? "try" : "   "}     ${line}`);
}

/** Refusals that depend on whose token it is. */
const BY_TOKEN: ReadonlySet<string> = new Set(["TOKEN_REFUSED", "ACCESS_DENIED", "GROUPS_OMITTED"]);

/** Commands to copy are those of the program that was called, as kubectl's plugin or not. */
function asCalled(line: string, io: CliIo): string {
  const isHint = /^ {2}(?:try| {3}) {5}/.test(line);
  return isHint ? line.replace(/(?<![\w/.-])(?<!kubectl )taffrail(?= [a-z])/g, programName(io)) : line;
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException)?.code === "EPIPE";
}

import { type Command, InvalidArgumentError, Option } from "commander";
import { type Connection, type ConnectionFlags, connect, withConnectionFlags } from "./connection.ts";
import type { CliIo } from "./io.ts";
import { readLineHash } from "./line-text-hash.ts";
import { type LogFlags, type PageAddress, pageAddress } from "./page-address.ts";
import { chooseRun } from "./run-choice.ts";

interface Lines {
  readonly first: number;
  readonly last: number;
}

interface LinkFlags extends ConnectionFlags, LogFlags {
  readonly lines?: Lines;
  readonly output: "text" | "json";
}

const RUN = "the AnalysisRun's name, or @latest, or @failed: the newest that failed";

/** Adds `taffrail open` and `taffrail link`. */
export function addOpenCommands(program: Command, io: CliIo): void {
  withLogFlags(program.command("open"))
    .description("Print the address of a run's log on the web page and, on a terminal, open it in a browser.")
    .action(async (run: string | undefined, flags: ConnectionFlags & LogFlags) => {
      const { url } = await resolveTarget(io, run, flags);
      io.print(url);
      await io.openPage?.(url);
    });
  withLogFlags(program.command("link"))
    .description("Print a link to a run's log on the web page, or to some of its lines.")
    .option("-L, --lines <lines>", "a line or a range of lines: 120, 120-140", parseLines)
    .addOption(new Option("-o, --output <format>", "output format").choices(["text", "json"]).default("text"))
    .action((run: string | undefined, flags: LinkFlags) => printLink(io, run, flags));
}

function withLogFlags(command: Command): Command {
  return withConnectionFlags(command)
    .argument("[run]", RUN)
    .option("-m, --metric <name>", "the metric")
    .option("-a, --attempt <number>", "the attempt's number, or `last`")
    .option("-c, --container <name>", "the container, or `all`");
}

interface LinkTarget extends PageAddress {
  readonly connection: Connection;
  readonly run: string;
}

async function resolveTarget(
  io: CliIo,
  argument: string | undefined,
  flags: ConnectionFlags & LogFlags,
): Promise<LinkTarget> {
  const connection = connect(flags, io);
  const run = await chooseRun(argument, connection, io);
  return { connection, run, ...(await pageAddress(connection, run, flags, io.signal)) };
}

async function printLink(io: CliIo, argument: string | undefined, flags: LinkFlags): Promise<void> {
  const { connection, run, url, log } = await resolveTarget(io, argument, flags);
  const { lines } = flags;
  let hash: string | undefined;
  if (lines !== undefined && log !== undefined) {
    const read = await readLineHash(connection, run, log, lines.first, io.signal);
    if (read.kind === "hash") hash = read.hash;
    else io.say(`note: the link cannot detect whether line ${lines.first} has moved: ${read.why}`);
  }
  const address = lines === undefined ? url : url + hashOf(lines, hash);
  if (flags.output === "text") {
    io.print(address);
    return;
  }
  const { metric = null, attempt, container = null } = log ?? {};
  const link = {
    url: address,
    project: connection.project,
    run,
    metric,
    attempt: attempt === undefined ? null : Number(attempt),
    container,
    lines: lines ?? null,
    hash: hash ?? null,
  };
  io.printJson(link);
}

/** `120-140`. */
function parseLines(text: string): Lines {
  const [, from = "", to = from] = /^L?([1-9]\d{0,9})(?:-L?([1-9]\d{0,9}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === "" || last < first) throw new InvalidArgumentError("Use a line number or a range such as 120-140.");
  return { first, last };
}

/** Lines as the page's links name them: `#L120-L140&h=00c0ffee`. */
function hashOf({ first, last }: Lines, hash: string | undefined): string {
  return `#L${first}${last > first ? `-L${last}` : ""}${hash === undefined ? "" : `&h=${hash}`}`;
}

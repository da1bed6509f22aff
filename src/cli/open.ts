import { type Command, InvalidArgumentError } from "commander";
import { type ConnectionFlags, connect, withConnectionFlags } from "./connection.ts";
import type { CliIo } from "./io.ts";
import { type LogFlags, pageAddress } from "./page-address.ts";
import { chooseRun } from "./run-choice.ts";

interface LinkFlags extends ConnectionFlags, LogFlags {
  readonly lines?: string;
}

const RUN = "the AnalysisRun's name, or @latest, or @failed: the newest that failed";

/** Adds `taffrail open` and `taffrail link`. */
export function addOpenCommands(program: Command, io: CliIo): void {
  withLogFlags(program.command("open"))
    .description("Print the address of a run's log on the page, and open it in a browser where there is a terminal.")
    .action(async (run: string | undefined, flags: LinkFlags) => {
      const address = await addressOf(io, run, flags);
      io.stdout.write(`${address}\n`);
      await io.openPage?.(address);
    });
  withLogFlags(program.command("link"))
    .description("Print the address of a run's log on the page, or of some of its lines, to send to somebody.")
    .option("-L, --lines <lines>", "a line or a range of lines: 120, 120-140", parseLines)
    .action(async (run: string | undefined, flags: LinkFlags) => {
      io.stdout.write(`${await addressOf(io, run, flags)}${flags.lines ?? ""}\n`);
    });
}

function withLogFlags(command: Command): Command {
  return withConnectionFlags(command)
    .argument("[run]", RUN)
    .option("-m, --metric <name>", "the metric")
    .option("-a, --attempt <number>", "the attempt's number, or `last`")
    .option("-c, --container <name>", "the container, or `all`");
}

async function addressOf(io: CliIo, argument: string | undefined, flags: LinkFlags): Promise<string> {
  const connection = connect(flags, io.env);
  return pageAddress(connection, await chooseRun(argument, connection, io), flags, io.signal);
}

/** `120-140` as the page has it: `#L120-L140`. */
function parseLines(text: string): string {
  const [, first = "", last = first] = /^L?([1-9]\d{0,14})(?:-L?([1-9]\d{0,14}))?$/.exec(text) ?? [];
  if (first === "" || Number(last) < Number(first)) {
    throw new InvalidArgumentError("It is no line, and no range such as 120-140.");
  }
  return last === first ? `#L${first}` : `#L${first}-L${last}`;
}

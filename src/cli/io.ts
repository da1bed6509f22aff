import type { Timer } from "../client/sleep.ts";
import { printable, printableJson } from "../quoted.ts";

/** The program's inputs and outputs, which tests replace. */
export interface ProgramIo {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Prints one line to stderr. */
  readonly say: (line: string) => void;
  /** Shows a text until the next one, or the next line, replaces it. Absent if stderr is not a terminal. */
  readonly status?: (text: string) => void;
  /** Asks the user. Absent without a terminal to answer on. */
  readonly ask?: (question: string) => Promise<string>;
  /** Opens an address in a browser. Absent if stdout is not a terminal. */
  readonly openPage?: (address: string) => Promise<void>;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Reads all of stdin. */
  readonly readInput?: () => Promise<string>;
  /** Default: the system's. */
  readonly timer?: Timer;
  /** Whether the program runs as `kubectl taffrail`. Default: no. */
  readonly isPlugin?: boolean;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * A command's inputs and outputs. Names and messages come from other machines, and some from authors of runs: whatever
 * is printed, to stdout or stderr, is made safe for a terminal. Only logs are written to `stdout` itself, which have
 * filters of their own.
 */
export interface CliIo extends ProgramIo {
  /** Prints lines to stdout. */
  readonly print: (...lines: readonly string[]) => void;
  /** Prints a value to stdout as JSON, which escapes what a terminal would act on. */
  readonly printJson: (value: unknown, indent?: number) => void;
}

/** Makes all that is printed safe for a terminal. */
export function createCliIo(io: ProgramIo): CliIo {
  const { stdout, say, status, ask } = io;
  return {
    ...io,
    print: (...lines) => void stdout.write(lines.map((line) => `${printable(line)}\n`).join("")),
    printJson: (value, indent) => void stdout.write(`${printableJson(value, indent)}\n`),
    say: (line) => say(printable(line)),
    ...(status && { status: (text) => status(printable(text)) }),
    ...(ask && { ask: (question) => ask(printable(question)) }),
  };
}

/** How the user starts this program. */
export function programName({ isPlugin }: Pick<ProgramIo, "isPlugin">): string {
  return isPlugin ? "kubectl taffrail" : "taffrail";
}

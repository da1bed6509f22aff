import { Writable } from "node:stream";
import { runCli } from "../../src/cli/program.ts";
import type { Timer } from "../../src/client/sleep.ts";
import { plant, search } from "../planted/search.ts";
import { fakeTimer } from "./timers.ts";

/** A command's stdout, stderr and exit status. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly said: readonly string[];
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it is called as `kubectl taffrail`. Default: no. */
  readonly isPlugin?: boolean;
  /** Default: not a terminal. */
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  /** The user's answer to a question. Default: there is no user. */
  readonly answer?: string;
  /** Receives the displayed progress. Default: stderr is not a terminal. */
  readonly status?: (text: string) => void;
  /** Receives the URLs that are opened. Default: there is no browser. */
  readonly openPage?: (address: string) => void;
  /** What stdin holds. Default: nothing. */
  readonly input?: string;
  /** The time, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Replaces the command's timers. Default: short ones fire at once, long ones never. */
  readonly timer?: Timer;
  /** Called with each line of stderr. */
  readonly onLine?: (line: string) => void;
  /** Called with each printed piece, before the next one is read. */
  readonly onPiece?: (piece: Buffer) => void | Promise<void>;
}

/** Runs the command line in this process. There is no context file unless `env` names its folder. */
export async function runInProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const pieces: Buffer[] = [];
  const said: string[] = [];
  if (options.env?.TAFFRAIL_TOKEN !== undefined) plant(options.env.TAFFRAIL_TOKEN);
  if (options.input !== undefined) plant(options.input.trim());
  const stdout = new Writable({
    highWaterMark: 1024,
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      Promise.resolve(options.onPiece?.(piece)).then(() => done(), done);
    },
  });
  const code = await runCli(args, {
    // A pager would take over the terminal of the tests.
    env: { XDG_CONFIG_HOME: "/nowhere", TAFFRAIL_PAGER: "", ...options.env },
    isPlugin: options.isPlugin ?? false,
    stdout: Object.assign(stdout, { isTTY: options.isTTY ?? false }),
    say: (line) => {
      said.push(line);
      options.onLine?.(line);
    },
    ...(options.answer !== undefined && {
      ask: async (question: string) => {
        said.push(question);
        return options.answer ?? "";
      },
    }),
    ...(options.status && { status: options.status }),
    ...(options.openPage && { openPage: async (address) => options.openPage?.(address) }),
    readInput: async () => options.input ?? "",
    ...(options.now && { now: options.now }),
    timer: options.timer ?? fakeTimer().timer,
    signal: options.signal ?? new AbortController().signal,
  });
  const out = Buffer.concat(pieces).toString("utf8");
  for (const text of [out, ...said]) search("output", text);
  return { code, out, said };
}

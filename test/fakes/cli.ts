import { Writable } from "node:stream";
import { runCli } from "../../src/cli/program.ts";
import type { Timer } from "../../src/client/sleep.ts";
import { plant, search } from "../planted/search.ts";
import { fakeTimer } from "./timers.ts";

/** What a command printed, said and ended with. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly said: readonly string[];
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: it is none. */
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  /** What a person answers when asked. Default: nobody is there. */
  readonly answer?: string;
  /** Told what is shown of the progress. Default: stderr is no terminal. */
  readonly status?: (text: string) => void;
  /** Takes the addresses that are opened. Default: there is no browser. */
  readonly openPage?: (address: string) => void;
  /** How the command waits. Default: short times are over at once, long ones never. */
  readonly timer?: Timer;
  /** Called with each piece that is printed, before the next one is taken. */
  readonly onPiece?: (piece: Buffer) => void | Promise<void>;
}

/** Runs the command line in this process. No context file is there unless `env` names a folder for it. */
export async function runInProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const pieces: Buffer[] = [];
  const said: string[] = [];
  if (options.env?.TAFFRAIL_TOKEN !== undefined) plant(options.env.TAFFRAIL_TOKEN);
  const stdout = new Writable({
    highWaterMark: 1024,
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      Promise.resolve(options.onPiece?.(piece)).then(() => done(), done);
    },
  });
  const code = await runCli(args, {
    // No pager takes over the terminal of the tests.
    env: { XDG_CONFIG_HOME: "/nowhere", TAFFRAIL_PAGER: "", ...options.env },
    stdout: Object.assign(stdout, { isTTY: options.isTTY ?? false }),
    say: (line) => said.push(line),
    ...(options.answer !== undefined && {
      ask: async (question: string) => {
        said.push(question);
        return options.answer ?? "";
      },
    }),
    ...(options.status && { status: options.status }),
    ...(options.openPage && { openPage: async (address) => options.openPage?.(address) }),
    timer: options.timer ?? fakeTimer().timer,
    signal: options.signal ?? new AbortController().signal,
  });
  const out = Buffer.concat(pieces).toString("utf8");
  for (const text of [out, ...said]) search("output", text);
  return { code, out, said };
}

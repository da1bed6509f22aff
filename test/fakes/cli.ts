import { Writable } from "node:stream";
import { runCli } from "../../src/cli/program.ts";

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
  /** Called with each piece that is printed, before the next one is taken. */
  readonly onPiece?: (piece: Buffer) => void | Promise<void>;
}

/** Runs the command line in this process. No context file is there unless `env` names a folder for it. */
export async function runInProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const pieces: Buffer[] = [];
  const said: string[] = [];
  const stdout = new Writable({
    highWaterMark: 1024,
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      Promise.resolve(options.onPiece?.(piece)).then(() => done(), done);
    },
  });
  const code = await runCli(args, {
    env: { XDG_CONFIG_HOME: "/nowhere", ...options.env },
    stdout: Object.assign(stdout, { isTTY: options.isTTY ?? false }),
    say: (line) => said.push(line),
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, out: Buffer.concat(pieces).toString("utf8"), said };
}

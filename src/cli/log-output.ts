import { once } from "node:events";
import type { CliIo } from "./io.ts";
import { type Pager, startPager } from "./pager.ts";

/** Where a log goes: to stdout, or through a pager. */
export interface LogOutput {
  /** Aborted when the user interrupts, or quits the pager. */
  readonly signal: AbortSignal;
  /** Whether the user has quit the pager: the rest of the log is not needed. */
  readonly quit: boolean;
  /** Resolves once there is room for more. */
  print(piece: string | Uint8Array): Promise<void>;
  /** Prints a line to stderr; while a pager has the terminal, only after it has been quit. */
  say(line: string): void;
  /** Waits until the user quits the pager. */
  close(): Promise<void>;
}

/** @param command the pager's, which starts with the first piece: an error alone is not paged. */
export function createLogOutput(io: CliIo, command: string | undefined): LogOutput {
  let pager: Pager | undefined;
  const later: string[] = [];
  const quit = new AbortController();
  const signal = command === undefined ? io.signal : AbortSignal.any([io.signal, quit.signal]);
  return {
    signal,
    get quit() {
      return quit.signal.aborted;
    },
    async print(piece) {
      if (piece.length === 0) return;
      if (command !== undefined && pager === undefined) {
        pager = startPager(command, io.env);
        pager.quit.addEventListener("abort", () => quit.abort());
      }
      const stream = pager?.input ?? io.stdout;
      if (!stream.write(piece)) await once(stream, "drain", { signal });
    },
    say(line) {
      if (pager === undefined) io.say(line);
      else later.push(line);
    },
    async close() {
      await pager?.close();
      for (const line of later) io.say(line);
    },
  };
}

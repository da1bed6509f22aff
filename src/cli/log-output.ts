import { once } from "node:events";
import type { CliIo } from "./io.ts";
import { type Pager, startPager } from "./pager.ts";

/** Where a log goes: to stdout, or through a pager. */
export interface LogOutput {
  /** Aborted when the person interrupts, or leaves the pager. */
  readonly signal: AbortSignal;
  /** Whether the person has left the pager: then nobody wants the rest. */
  readonly left: boolean;
  /** Waits until there is room again. */
  print(piece: string | Uint8Array): Promise<void>;
  /** Says a line to the person; what a pager would be disturbed by is said after it. */
  say(line: string): void;
  /** Waits for the pager to be left. */
  close(): Promise<void>;
}

/** @param command of a pager, started with the first piece, so that an error is no page. */
export function createLogOutput(io: CliIo, command: string | undefined): LogOutput {
  let pager: Pager | undefined;
  const later: string[] = [];
  const left = new AbortController();
  const signal = command === undefined ? io.signal : AbortSignal.any([io.signal, left.signal]);
  return {
    signal,
    get left() {
      return left.signal.aborted;
    },
    async print(piece) {
      if (piece.length === 0) return;
      if (command !== undefined && pager === undefined) {
        pager = startPager(command, io.env);
        pager.left.addEventListener("abort", () => left.abort());
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

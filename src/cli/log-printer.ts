import type { Origin } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChunk, LogEvent } from "../client/log-event.ts";
import { printable } from "../quoted.ts";
import { createTerminalFilter, type TerminalFilterOptions } from "./terminal-safe.ts";

/** Makes what goes to stdout. */
export interface LogPrinter {
  origin?(origin: Origin): void;
  /** The source tells no times, though they were asked for. */
  noTimes?(): void;
  chunk(chunk: LogChunk): string | Uint8Array;
  /** A heading between the logs of attempts; empty where stdout is no place for it. */
  heading?(text: string): string;
  /** What is left when the log has ended, in whatever way; with the end, where there is one. */
  end(end: Extract<LogEvent, { kind: "end" }> | undefined): string;
}

/** The bytes as they are. */
export const rawPrinter: LogPrinter = { chunk: ({ bytes }) => bytes, end: () => "" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's line is erased by them.
const LINE_START = /\n(?!$)|\r\x1b\[K/g;

export interface TextOptions extends TerminalFilterOptions {
  /** Whether each line begins with its container: `[container] `, and where there are several attempts `[attempt/container] `. */
  readonly prefix: boolean;
  /** Whether the logs of attempts get headings. */
  readonly headings: boolean;
}

/** Text that is safe for a terminal: see {@link createTerminalFilter}. Where another container's or attempt's log begins, a new line does. */
export function createTextPrinter(options: TextOptions): LogPrinter {
  let filter = createTerminalFilter(options);
  let only = "";
  let source = "";
  let prefix = "";
  let atLineStart = true;

  const prefixed = (text: string): string => {
    if (text === "") return "";
    const begin = atLineStart ? prefix : "";
    atLineStart = text.endsWith("\n");
    if (prefix === "") return text;
    return begin + text.replace(LINE_START, (start) => start + prefix);
  };
  const finishLine = (): string => {
    const rest = prefixed(filter.end());
    if (atLineStart) return rest;
    atLineStart = true;
    return `${rest}\n`;
  };

  return {
    origin(origin) {
      only = origin.containerName;
    },
    chunk(chunk) {
      const own = `${chunk.attempt}/${chunk.containerName}`;
      let before = "";
      if (own !== source) {
        if (source !== "") before = finishLine();
        source = own;
        filter = createTerminalFilter(options);
        const container = chunk.containerName || only;
        prefix = options.prefix ? `[${chunk.attempt > 0 ? `${chunk.attempt}/` : ""}${printable(container)}] ` : "";
      }
      return before + prefixed(filter.write(chunk.bytes));
    },
    heading: (text) => (options.headings ? `${finishLine()}==> ${printable(text)} <==\n` : ""),
    end: () => prefixed(filter.end()),
  };
}

import type { Origin } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChunk, LogEvent } from "../client/log-event.ts";
import { podLabel } from "../pod-label.ts";
import { printable } from "../quoted.ts";
import { createTerminalFilter, type TerminalFilterOptions } from "./terminal-safe.ts";

/** Turns a log's events into what is printed on stdout. */
export interface LogPrinter {
  origin?(origin: Origin): void;
  /** The source has no times, though they were requested. */
  noTimes?(): void;
  chunk(chunk: LogChunk): string | Uint8Array;
  /** A heading between the logs of attempts; empty if stdout gets no headings. */
  heading?(text: string): string;
  /** Returns the remaining output at the end of the log, however it ended. `end`: its end event, if there is one. */
  end(end: Extract<LogEvent, { kind: "end" }> | undefined): string;
}

/** Prints the bytes unchanged. */
export const rawPrinter: LogPrinter = { chunk: ({ bytes }) => bytes, end: () => "" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's line is erased by them.
const LINE_START = /\n(?!$)|\r\x1b\[K/g;

export interface TextOptions extends TerminalFilterOptions {
  /**
   * Whether to prefix each line with its container: `[container] `, with all pods `[pod/container] `, or with several
   * attempts `[attempt/container] `.
   */
  readonly prefix: boolean;
  /** Whether to print a heading before each attempt's log. */
  readonly headings: boolean;
}

/**
 * Prints text that is safe for a terminal: see {@link createTerminalFilter}. Another log begins on a new line.
 */
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
      const { podName = "", completionIndex } = chunk;
      const own = `${chunk.attempt}/${podName}/${chunk.containerName}`;
      let before = "";
      if (own !== source) {
        if (source !== "") before = finishLine();
        source = own;
        filter = createTerminalFilter(options);
        const attempt = chunk.attempt > 0 ? `${chunk.attempt}/` : "";
        const pod = podName === "" ? "" : `${podLabel(podName, completionIndex)}/`;
        prefix = options.prefix ? `[${printable(`${attempt}${pod}${chunk.containerName || only}`)}] ` : "";
      }
      return before + prefixed(filter.write(chunk.bytes));
    },
    heading: (text) => (options.headings ? `${finishLine()}==> ${printable(text)} <==\n` : ""),
    end: () => prefixed(filter.end()),
  };
}

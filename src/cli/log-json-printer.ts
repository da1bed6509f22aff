import { EndReasonSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChunk } from "../client/log-event.ts";
import { printableJson } from "../quoted.ts";
import { LineSeverities } from "../severity/line-severities.ts";
import { showText } from "../stream/shown-line.ts";
import type { LogPrinter } from "./log-printer.ts";

/** A line of more characters is split over several objects. */
const MAX_TEXT_LENGTH = 1024 * 1024;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /;

export interface JsonOptions {
  readonly timestamps: boolean;
  /** Whether to name each line's pod. */
  readonly allPods?: boolean;
}

/** Prints an object for each line, and one for the end. */
export function createJsonPrinter({ timestamps, allPods = false }: JsonOptions): LogPrinter {
  let metric = "";
  let container = "";
  let attempt = 0;
  let times = timestamps;
  /** By log, whose lines may be interleaved. */
  const severities = new Map<string, LineSeverities>();
  let held: { text: string; line: number; chunk: LogChunk; partial: boolean } | undefined;

  const object = (own: NonNullable<typeof held>, partial: boolean): string => {
    const time = times && !own.partial ? TIMESTAMP.exec(own.text) : null;
    const { text, isRed } = showText(own.text.slice(time?.[0].length ?? 0));
    const source = logOf(own.chunk);
    const { podName, completionIndex } = own.chunk;
    const judge = severities.get(source) ?? new LineSeverities();
    severities.set(source, judge);
    return json({
      line: own.line || null,
      ts: time?.[1] ?? null,
      metric,
      ...(allPods && { pod: podName ?? null, index: completionIndex ?? null }),
      container: own.chunk.containerName || container,
      attempt: own.chunk.attempt || attempt,
      severity: judge.take(text, isRed).severity,
      text,
      ...(partial && { partial }),
    });
  };
  const finish = (): string => {
    const last = held;
    held = undefined;
    return last === undefined ? "" : object(last, false);
  };

  return {
    origin(origin) {
      metric = origin.metricName;
      container = origin.containerName;
      attempt = origin.attempt;
    },
    noTimes: () => {
      times = false;
    },
    chunk(chunk) {
      let out = "";
      if (held && logOf(held.chunk) !== logOf(chunk)) out = finish();
      const lines = Buffer.from(chunk.bytes).toString("utf8").split("\n");
      const numberOf = lineNumbers(chunk);
      for (const [index, text] of lines.entries()) {
        const ended = index < lines.length - 1;
        if (held === undefined && !ended && text === "") break;
        held ??= { text: "", line: numberOf(index), chunk, partial: false };
        held.text += text;
        if (ended) out += finish();
        else if (held.text.length > MAX_TEXT_LENGTH) {
          out += object(held, true);
          held = { ...held, text: "", partial: true };
        }
      }
      return out;
    },
    end(event) {
      const rest = finish();
      if (event === undefined) return rest;
      const { reason, headMissing, lines, bytes } = event.end;
      const end = {
        reason: EndReasonSchema.value[reason]?.localName ?? "",
        head_missing: headMissing,
        lines: Number(lines),
        bytes: Number(bytes),
        cursor: event.cursor,
      };
      return rest + json({ end });
    },
  };
}

/** Identifies the log of a chunk among those of the stream. */
function logOf({ attempt, podName = "", containerName }: LogChunk): string {
  return `${attempt}/${podName}/${containerName}`;
}

/** The number of a chunk's line by its index in the chunk. Must be called with ascending indices. */
function lineNumbers({ firstLine, runs }: LogChunk): (index: number) => number {
  if (runs.length === 0) return (index) => (firstLine === 0 ? 0 : firstLine + index);
  let run = 0;
  let before = 0;
  return (index) => {
    for (let at = runs[run]; at !== undefined && index - before >= at.count; at = runs[run]) {
      before += at.count;
      run += 1;
    }
    const at = runs[run];
    return at === undefined ? 0 : at.firstLine + index - before;
  };
}

function json(value: object): string {
  return `${printableJson(value)}\n`;
}

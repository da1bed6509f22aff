import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  AttemptRule,
  EndReason,
  type GetAnalysisRunLogsRequestSchema,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../client/client.ts";
import { describeError } from "../client/describe-error.ts";
import type { LogEvent } from "../client/log-event.ts";
import type { LogState } from "../client/log-state.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import type { LogOutput } from "./log-output.ts";
import type { LogPrinter } from "./log-printer.ts";
import { choiceText, endText, type Restrictions, type Several } from "./log-words.ts";
import { createProgress } from "./progress.ts";

const UNTIMED_NEXT = "try     --tail or --grep, or the whole log";

export interface LogPrinting {
  readonly client: TaffrailClient;
  readonly request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>;
  readonly run: string;
  readonly printer: LogPrinter;
  readonly output: LogOutput;
  readonly io: CliIo;
  readonly showProgress: boolean;
  /** The command that resumes at a cursor, unless it would be too long. */
  readonly resumeCommand: (cursor: string) => string | undefined;
}

/**
 * Reads a log to its end and prints it. Everything else goes to stderr.
 *
 * @throws CliError if lines were to be selected by time, and have none.
 */
export async function printLog(printing: LogPrinting): Promise<void> {
  const { client, request, run, printer, output, io, resumeCommand } = printing;
  const { signal, say } = output;
  const progress = createProgress(printing.showProgress ? io.status : undefined, () => performance.now());
  let cursor = "";
  let ended = false;
  let isUntimed = false;
  let damaged = false;

  const print = async (event: LogEvent): Promise<void> => {
    switch (event.kind) {
      case "chunk":
        await output.print(printer.chunk(event));
        // A later line of a followed log has a time.
        if (request.follow === true && request.since !== undefined) isUntimed = false;
        cursor = event.cursor;
        progress.add(event.bytes);
        break;
      case "origin":
        printer.origin?.(event.origin);
        say(choiceText(run, event.origin, severalOf(request)));
        if (event.origin.previous) say("note: the container was restarted; this is the log of its previous run");
        break;
      case "notice": {
        const { kind, message } = event.notice;
        if (kind === NoticeKind.NO_TIMES) printer.noTimes?.();
        if (kind === NoticeKind.NO_LINE_TIMES) isUntimed = true;
        const heading = kind === NoticeKind.ATTEMPT_BEGINS ? (printer.heading?.(message) ?? "") : "";
        if (heading === "") say(`note: ${message}`);
        else await output.print(heading);
        break;
      }
      case "resumed":
        progress.resumed(event.bytes, event.times);
        say(`resumed${event.line > 0 ? ` at line ${event.line.toLocaleString("en")}` : ""} (${event.times}x)`);
        break;
      case "end":
        ended = true;
        damaged = event.end.reason === EndReason.SOURCE_DAMAGED;
        await output.print(printer.end(event));
        for (const line of endText(event.end, restrictionsOf(request, isUntimed))) say(line);
        if (event.end.reason === EndReason.SCAN_BUDGET_SPENT) sayHowToResume(event.cursor);
        break;
    }
  };
  const sayHowToResume = (at: string): void => {
    const command = resumeCommand(at);
    if (command !== undefined) say(`note: to resume: ${command}`);
  };

  try {
    const options = { signal, onState: reportRetries(say), resume: io.timer === undefined || { timer: io.timer } };
    for await (const event of client.getAnalysisRunLogs(request, options)) await print(event);
  } catch (error) {
    progress.clear();
    if (output.quit) return;
    // A partial last line belongs to the log.
    if (!ended) await output.print(printer.end(undefined)).catch(() => {});
    if (!damaged && (!io.signal.aborted || request.follow)) sayHowToResume(cursor);
    throw error;
  }
  progress.clear();
  if (isUntimed) throw new CliError(EXIT.other, "the lines have no timestamps that can be read", [UNTIMED_NEXT]);
}

function severalOf({ attempt, allPods = false, allContainers = false }: LogPrinting["request"]): Several {
  const attempts = attempt?.case === "attemptRule" && attempt.value === AttemptRule.ALL;
  return { attempts, pods: allPods, containers: allContainers };
}

function restrictionsOf({ grep, since, until, tailLines }: LogPrinting["request"], isUntimed: boolean): Restrictions {
  return {
    byTime: since !== undefined || until !== undefined,
    byPattern: grep !== undefined,
    // An error says why there are no lines.
    nothing: tailLines === 0n || isUntimed,
  };
}

/** Reports waits for the server from the second in a row on: the first is too short to mention. */
function reportRetries(say: (line: string) => void): (state: LogState) => void {
  return (state) => {
    if (state.kind !== "waiting" || state.for !== "server" || state.tries === 1) return;
    const { message } = describeError(state.error);
    say(`note: ${message} Try ${state.tries} of ${state.of} in ${(state.delayMs / 1000).toFixed(1)} s`);
  };
}

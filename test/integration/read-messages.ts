import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import { AnalysisRunLogService, type End, type Notice } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { TOKENS } from "./objects.ts";
import { as, type ReadLog, readLog } from "./read-log.ts";

export type Request = Parameters<typeof readLog>[1];

/** A message as the server sent it, neither merged nor shortened. */
export interface SentMessage {
  readonly text: string;
  readonly cursor: string;
  readonly firstLine: number;
  readonly runs: readonly { readonly firstLine: number; readonly count: number; readonly context: boolean }[];
  readonly offset: number | undefined;
  readonly notice: Notice | undefined;
  readonly end: End | undefined;
}

/** Yields each message as it arrives. @throws the error of the call. */
export async function* messagesOf(
  transport: Transport,
  request: Request,
  options: CallOptions = as(TOKENS.reader),
): AsyncGenerator<SentMessage, void, undefined> {
  const client = createClient(AnalysisRunLogService, transport);
  for await (const { chunk, cursor, firstLine, lineRuns, offset, event } of client.getAnalysisRunLogs(
    request,
    options,
  )) {
    yield {
      text: chunk,
      cursor,
      firstLine: Number(firstLine),
      runs: lineRuns.map((run) => ({ ...run, firstLine: Number(run.firstLine) })),
      offset: offset === undefined ? undefined : Number(offset),
      notice: event.case === "notice" ? event.value : undefined,
      end: event.case === "end" ? event.value : undefined,
    };
  }
}

/** All messages of a successful call. */
export async function readMessages(transport: Transport, request: Request): Promise<readonly SentMessage[]> {
  const messages: SentMessage[] = [];
  for await (const message of messagesOf(transport, request)) messages.push(message);
  return messages;
}

export function textOf(messages: readonly SentMessage[]): string {
  return messages.map(({ text }) => text).join("");
}

/**
 * The lines of messages with their numbers: `12:text`, or `12-text` for context. A line that is split over several
 * messages is joined.
 */
export function numberedLines(messages: readonly SentMessage[]): readonly string[] {
  const lines: { number: number; context: boolean; text: string }[] = [];
  let open = false;
  for (const { text, firstLine, runs } of messages) {
    if (text === "") continue;
    const parts = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const numbers =
      runs.length === 0
        ? parts.map((_, index) => ({ number: firstLine + index, context: false }))
        : runs.flatMap((run) =>
            Array.from({ length: run.count }, (_, index) => ({ number: run.firstLine + index, context: run.context })),
          );
    if (numbers.length !== parts.length) throw new Error(`${parts.length} lines have ${numbers.length} numbers.`);
    if (numbers[0]?.number !== firstLine) throw new Error("The first line is not that of the first run.");
    for (const [index, part] of parts.entries()) {
      const { number = 0, context = false } = numbers[index] ?? {};
      const last = lines.at(-1);
      if (open && last !== undefined) {
        if (last.number !== number) throw new Error(`Line ${last.number} goes on as line ${number}.`);
        last.text += part;
      } else lines.push({ number, context, text: part });
      open = !part.endsWith("\n");
    }
  }
  return lines.map(({ number, context, text }) => `${number}${context ? "-" : ":"}${text}`);
}

/** The error of a call. */
export async function reasonOf(transport: Transport, request: Request, options?: CallOptions): Promise<string> {
  const { error }: ReadLog = await readLog(transport, request, options);
  return error?.reason ?? "";
}

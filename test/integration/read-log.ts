import { toJson } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  AnalysisRunLogService,
  ChoicesSchema,
  type End,
  type GetAnalysisRunLogsRequest,
  type GetAnalysisRunLogsResponse,
  type Notice,
  type Origin,
  SourceChainSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { TOKENS } from "./objects.ts";

/** The outcome of reading a log. */
export interface ReadLog {
  /** The kind of each message, in order: `chunk`, or the name of the event. */
  readonly kinds: readonly string[];
  readonly chunks: readonly string[];
  readonly text: string;
  readonly origin: Origin | undefined;
  readonly notices: readonly Notice[];
  readonly end: End | undefined;
  readonly error: ToldError | undefined;
  /** All headers and trailers. */
  readonly headers: string;
}

/** An error as the client receives it. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly next: string | undefined;
  /** The request's field at fault. */
  readonly field: string | undefined;
  /** The limit that was exceeded. */
  readonly limit: string | undefined;
  readonly reference: string | undefined;
  readonly available: readonly string[] | undefined;
  /** The outcome of each source, as the JSON of the detail. */
  readonly sources: readonly object[] | undefined;
  /** The whole error as one text: message, metadata and the bytes of the details. */
  readonly whole: string;
}

type Request = Omit<Partial<GetAnalysisRunLogsRequest>, "$typeName">;

/** Call options with a bearer token. */
export function as(token: string): CallOptions {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Reads a log to its end, even if that is an error. */
export async function readLog(
  transport: Transport,
  request: Request,
  options: CallOptions = as(TOKENS.reader),
): Promise<ReadLog> {
  const messages: GetAnalysisRunLogsResponse[] = [];
  let error: ToldError | undefined;
  let headers = "";
  const note = (each: Headers): void => {
    headers += readable(each);
  };
  try {
    const client = createClient(AnalysisRunLogService, transport);
    const stream = client.getAnalysisRunLogs(request, { ...options, onHeader: note, onTrailer: note });
    for await (const message of stream) if (!isHeartbeat(message)) messages.push(message);
  } catch (caught) {
    error = toldError(caught);
  }
  const chunks = messages.filter(({ event }) => event.case === undefined).map(({ chunk }) => chunk);
  const events = messages.map(({ event }) => event);
  return {
    kinds: messages.map(({ event }) => event.case ?? "chunk"),
    chunks,
    text: chunks.join(""),
    origin: events.flatMap((each) => (each.case === "origin" ? [each.value] : []))[0],
    notices: events.flatMap((each) => (each.case === "notice" ? [each.value] : [])),
    end: events.flatMap((each) => (each.case === "end" ? [each.value] : []))[0],
    error,
    headers,
  };
}

function isHeartbeat({ chunk, event }: GetAnalysisRunLogsResponse): boolean {
  return chunk === "" && event.case === undefined;
}

/** Splits an error into its parts. */
export function toldError(caught: unknown): ToldError {
  const error = ConnectError.from(caught);
  const info = error.findDetails(ErrorInfoSchema)[0];
  const chain = error.findDetails(SourceChainSchema)[0];
  const details = error.details.map((each) =>
    "value" in each && each.value instanceof Uint8Array ? Buffer.from(each.value).toString("latin1") : "",
  );
  return {
    code: Code[error.code],
    message: error.rawMessage,
    reason: info?.reason,
    next: info?.metadata.next,
    limit: info?.metadata.limit,
    field: info?.metadata.field,
    reference: info?.metadata.reference,
    available: error.findDetails(ChoicesSchema)[0]?.available,
    sources: chain && (toJson(SourceChainSchema, chain) as { attempts?: object[] }).attempts,
    whole: [error.rawMessage, readable(error.metadata), ...details].join("\n"),
  };
}

/** The error of a call that is expected to fail. */
export async function errorOf(call: Promise<unknown>): Promise<ToldError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => toldError(error),
  );
  if (outcome === undefined) throw new Error("The call did not fail.");
  return outcome;
}

/** Headers as text, with binary ones decoded. */
function readable(headers: Headers): string {
  const lines = [...headers].map(([name, value]) =>
    name.endsWith("-bin") ? `${name}: ${Buffer.from(value, "base64").toString("latin1")}` : `${name}: ${value}`,
  );
  return lines.join("\n");
}

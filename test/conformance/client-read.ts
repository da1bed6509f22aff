import { Code, ConnectError } from "@connectrpc/connect";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient, type LogCallOptions, type TaffrailClient } from "../../src/client/client.ts";
import { describeError } from "../../src/client/describe-error.ts";
import { fakeTimer } from "../fakes/timers.ts";
import { TOKENS } from "../integration/objects.ts";

export type ReadRequest = Parameters<TaffrailClient["getAnalysisRunLogs"]>[0];

export interface ReadOptions extends Pick<LogCallOptions, "signal"> {
  /** Whether to resume after a break. Default: false. */
  readonly resume?: boolean;
  /** Receives each piece, instead of collecting them in `text`. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** The progress and the outcome of a read by the client. */
export interface ClientRead {
  readonly text: string;
  readonly bytes: number;
  /** The line number at which the first piece begins. */
  readonly firstLine: number | undefined;
  /** The kinds of the notices, by name. */
  readonly notices: readonly string[];
  /** The name of the end reason, once the server has sent it. */
  readonly end: string | undefined;
  /** The newest cursor. */
  readonly cursor: string;
  /** The read's error: code and reason. */
  readonly error: string | undefined;
  /** The number of resumes. */
  readonly resumed: number;
  /** Settles when the read has ended, even with an error. */
  readonly done: Promise<void>;
  /** Settles when this text has been received. Fails if the read ends before. */
  until(text: string): Promise<void>;
}

/** Reads a log with the client library, as the page and the command line do. */
export function readByClient(baseUrl: string, request: ReadRequest, options: ReadOptions = {}): ClientRead {
  const { resume = false, signal, onBytes } = options;
  const client = createTaffrailClient({ baseUrl, token: TOKENS.reader });
  const pieces: Uint8Array[] = [];
  const notices: string[] = [];
  let [bytes, resumed, cursor] = [0, 0, ""];
  let [firstLine, end, error]: [number?, string?, string?] = [];
  let ended = false;
  let waiting: (() => void)[] = [];
  const tell = (): void => {
    const told = waiting;
    waiting = [];
    for (const each of told) each();
  };
  const text = (): string => Buffer.concat(pieces).toString();
  const read = async (): Promise<void> => {
    const call = { resume: resume && { timer: fakeTimer().timer }, ...(signal && { signal }) };
    for await (const event of client.getAnalysisRunLogs(request, call)) {
      if (event.kind === "chunk") {
        firstLine ??= event.firstLine;
        if (onBytes === undefined) pieces.push(event.bytes);
        else onBytes(event.bytes);
        bytes += event.bytes.length;
      }
      if (event.kind === "notice") notices.push(nameIn(NoticeKind, event.notice.kind));
      if (event.kind === "resumed") resumed += 1;
      if (event.kind === "end") end = nameIn(EndReason, event.end.reason);
      if ((event.kind === "chunk" || event.kind === "end") && event.cursor !== "") cursor = event.cursor;
      tell();
    }
  };
  const done = read()
    .catch((caught: unknown) => {
      const failed = ConnectError.from(caught);
      error = `${Code[failed.code]} ${describeError(failed).reason ?? ""}`.trim();
    })
    .finally(() => {
      ended = true;
      tell();
    });
  return {
    get text() {
      return text();
    },
    get bytes() {
      return bytes;
    },
    get firstLine() {
      return firstLine;
    },
    notices,
    get end() {
      return end;
    },
    get cursor() {
      return cursor;
    },
    get error() {
      return error;
    },
    get resumed() {
      return resumed;
    },
    done,
    async until(wanted) {
      while (!text().includes(wanted)) {
        if (ended) throw new Error(`The log ended (${end} ${error ?? ""}) before ${wanted} came.`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

/** The name of an enum's value. */
function nameIn(values: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(values).find(([, each]) => each === value)?.[0] ?? "";
}

/** Reads a log to its end. */
export async function readAll(baseUrl: string, request: ReadRequest, options?: ReadOptions): Promise<ClientRead> {
  const read = readByClient(baseUrl, request, options);
  await read.done;
  return read;
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  AnalysisRunLogService,
  type End,
  type GetAnalysisRunLogsRequestSchema,
  GetAnalysisRunLogsResponseSchema,
  type Notice,
  type Origin,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { bytesTwin, withOutput } from "../rpc/bytes-twin.ts";

/** A piece of a log, or something about it. */
export type LogEvent =
  /** First: what was selected and which source answers. */
  | { readonly kind: "origin"; readonly origin: Origin }
  /** The next piece of the log: UTF-8, never cut inside a character. */
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  /** Something to know about the log. */
  | { readonly kind: "notice"; readonly notice: Notice }
  /** Last: how the stream ended. */
  | { readonly kind: "end"; readonly end: End };

/** Calls a Taffrail server. */
export interface TaffrailClient extends Omit<Client<typeof AnalysisRunLogService>, "getAnalysisRunLogs"> {
  /**
   * Reads a log. Leaving the loop, or aborting `options.signal`, ends the request.
   *
   * @throws ConnectError when the call fails, after the `end` event where there was one; with code Unavailable when the stream breaks off
   * without one: what came is then not the whole log. `describeError` reads its details.
   */
  getAnalysisRunLogs(
    request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>,
    options?: CallOptions,
  ): AsyncIterable<LogEvent>;
}

/** Which server to call, and as whom. */
export interface TaffrailClientOptions {
  /** The server's address, with its base path if it has one: `https://taffrail.example.com`. */
  readonly baseUrl: string;
  /** The bearer token, or how to get it, asked for on each call. Default: none, which only `getServerInfo` takes. */
  readonly token?: string | (() => string | Promise<string>);
  /** Another way to the server. Default: `fetch` and the Connect protocol, which browsers and Node have. */
  readonly transport?: Transport;
}

/**
 * Makes a client, for browsers and Node alike.
 *
 * @example
 * ```ts
 * const client = createTaffrailClient({ baseUrl: "http://localhost:8080", token: "demo-viewer" });
 * for await (const event of client.getAnalysisRunLogs({ namespace: "guestbook", name: "uat.01" })) {
 *   if (event.kind === "chunk") process.stdout.write(event.bytes);
 * }
 * ```
 */
export function createTaffrailClient(options: TaffrailClientOptions): TaffrailClient {
  const { baseUrl, token } = options;
  const transport =
    options.transport ?? createConnectTransport({ baseUrl, useBinaryFormat: true, interceptors: [bearer(token)] });
  const twin = bytesTwin(GetAnalysisRunLogsResponseSchema);
  const method = withOutput(AnalysisRunLogService.method.getAnalysisRunLogs, twin);
  const { getAnalysisRunLogs: _, ...unary } = createClient(AnalysisRunLogService, transport);
  const logs = createClient(
    { ...AnalysisRunLogService, methods: [method], method: { getAnalysisRunLogs: method } },
    transport,
  );
  return {
    ...unary,
    async *getAnalysisRunLogs(request, callOptions) {
      // Transports read on until the call is aborted: leaving the loop alone would not end it.
      const leaving = new AbortController();
      const signal = AbortSignal.any([leaving.signal, ...(callOptions?.signal ? [callOptions.signal] : [])]);
      let ended = false;
      try {
        for await (const { chunk, event } of logs.getAnalysisRunLogs(request, { ...callOptions, signal })) {
          if (chunk.length > 0) yield { kind: "chunk", bytes: chunk };
          if (event.case === "origin") yield { kind: "origin", origin: event.value };
          if (event.case === "notice") yield { kind: "notice", notice: event.value };
          if (event.case === "end") {
            ended = true;
            yield { kind: "end", end: event.value };
          }
        }
      } finally {
        leaving.abort();
      }
      if (!ended) throw new ConnectError("The stream broke off: the log is incomplete.", Code.Unavailable);
    },
  };
}

function bearer(token: TaffrailClientOptions["token"]): Interceptor {
  return (next) => async (request) => {
    const value = typeof token === "function" ? await token() : token;
    if (value !== undefined) request.header.set("authorization", `Bearer ${value}`);
    return next(request);
  };
}

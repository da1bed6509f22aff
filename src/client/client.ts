import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  AnalysisRunLogService,
  GetAnalysisRunLogsRequestSchema,
  GetAnalysisRunLogsResponseSchema,
  type WatchAnalysisRunsRequestSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { bytesTwin, withOutput } from "../rpc/bytes-twin.ts";
import type { LogEvent } from "./log-event.ts";
import type { LogState } from "./log-state.ts";
import { type Resuming, resumingLog } from "./resuming-log.ts";
import { resumingRuns, type WatchedRuns, type WatchState } from "./resuming-runs.ts";
import { systemTimer } from "./sleep.ts";
import { bearer, createFetchTransport } from "./transport.ts";

/** Calls a Taffrail server. */
export interface TaffrailClient extends Omit<Client<typeof AnalysisRunLogService>, "getAnalysisRunLogs"> {
  /**
   * Reads a log. Leaving the loop, or aborting `options.signal`, ends the request.
   *
   * A stream that breaks, or that its server or source could not bring to an end, is resumed behind the last piece that
   * was taken: no byte is missing and none comes twice. An event `resumed` tells of it. Retries that bring no byte of
   * the log and get no further in it are limited by `options.resume`. A connection without a message for 40 seconds
   * counts as broken: servers send one every 15.
   *
   * @throws ConnectError when the call fails, after the `end` event if there was one; with code Unavailable when the
   * stream breaks without one and cannot be resumed: the log is then incomplete. `describeError` reads its details.
   */
  getAnalysisRunLogs(
    request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>,
    options?: LogCallOptions,
  ): AsyncIterable<LogEvent>;
  /**
   * Watches runs: yields them as they are, and again after each change with what has changed, until the loop is left or
   * `options.signal` is aborted. It does not end by itself.
   *
   * A watch that breaks, or that its server could not continue, is started again; runs that are still as they were
   * yielded last are not yielded again. `watchAnalysisRuns` is one call of it, message by message.
   *
   * @throws ConnectError when the server refuses, or cannot be reached for too long.
   */
  watchRuns(
    request: MessageInitShape<typeof WatchAnalysisRunsRequestSchema>,
    options?: StreamCallOptions<WatchState>,
  ): AsyncIterable<WatchedRuns>;
}

/** How a stream is read. `timeoutMs` covers all calls together. */
export interface StreamCallOptions<State> extends CallOptions {
  /**
   * Whether, and how, to resume after a break. Default: true, with 8 tries in a row without progress, after 0.25 to 15
   * s.
   */
  readonly resume?: boolean | Partial<Resuming>;
  /** Called with the stream's state whenever it changes. */
  readonly onState?: (state: State) => void;
}

/** How a log is read. */
export type LogCallOptions = StreamCallOptions<LogState>;

const RESUMING: Resuming = {
  tries: 8,
  firstMs: 250,
  mostMs: 15_000,
  silenceMs: 40_000,
  random: Math.random,
  timer: systemTimer,
};

/** Which server to call, and as whom. */
export interface TaffrailClientOptions {
  /** The server's address, with its base path if it has one: `https://taffrail.example.com`. */
  readonly baseUrl: string;
  /**
   * The bearer token, or how to get it; asked for on each call. Default: none, with which only `getServerInfo` works.
   * A log that ends because its token has expired is resumed with the token that this returns then.
   */
  readonly token?: string | (() => string | Promise<string>);
  /**
   * Called when the server no longer accepts the caller's token, for a log or a watch: has the user sign in, and
   * resolves once they have, however long it takes. The log is then resumed behind the last piece that was taken.
   * Default: the call fails.
   */
  readonly signedOut?: (signal: AbortSignal) => Promise<void>;
  /**
   * Another way to the server, which has to send the token itself. Default: `fetch` and the Connect protocol, which
   * both browsers and Node have.
   */
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
  const { baseUrl, token, signedOut } = options;
  const transport = options.transport ?? createFetchTransport({ baseUrl, interceptors: [bearer(token)] });
  const twin = bytesTwin(GetAnalysisRunLogsResponseSchema);
  const method = withOutput(AnalysisRunLogService.method.getAnalysisRunLogs, twin);
  const { getAnalysisRunLogs: _, ...unary } = createClient(AnalysisRunLogService, transport);
  const logs = createClient(
    { ...AnalysisRunLogService, methods: [method], method: { getAnalysisRunLogs: method } },
    transport,
  );
  const signIns = { renewsToken: typeof token === "function", signedOut };
  return {
    ...unary,
    getAnalysisRunLogs(request, callOptions = {}) {
      const first = create(GetAnalysisRunLogsRequestSchema, request);
      const waits = first.follow || first.wait !== undefined;
      return withTimeout(callOptions, (resuming, signal, onState) => {
        const call = (cursor: string, callSignal: AbortSignal) => {
          const next = clone(GetAnalysisRunLogsRequestSchema, first);
          next.cursor = cursor;
          return logs.getAnalysisRunLogs(next, { ...rpcOptions(callOptions), signal: callSignal });
        };
        return resumingLog(call, first.cursor, { ...resuming, ...signIns, waits }, signal, onState);
      });
    },
    watchRuns(request, callOptions = {}) {
      return withTimeout(callOptions, (resuming, signal, onState) => {
        const call = (callSignal: AbortSignal) =>
          unary.watchAnalysisRuns(request, { ...rpcOptions(callOptions), signal: callSignal });
        return resumingRuns(call, { ...resuming, ...signIns }, signal, onState);
      });
    },
  };
}

/** Reads a stream of several calls within one time limit. */
async function* withTimeout<State, T>(
  { resume = true, onState = () => {}, timeoutMs = 0, signal: callerSignal }: StreamCallOptions<State>,
  read: (resuming: Resuming, signal: AbortSignal, onState: (state: State) => void) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const resuming = {
    ...RESUMING,
    ...(typeof resume === "object" ? resume : { tries: resume ? RESUMING.tries : 0 }),
  };
  const timeoutAbort = new AbortController();
  const onTimeout = (): void => timeoutAbort.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  const cancelTimeout = timeoutMs > 0 ? resuming.timer(timeoutMs, onTimeout) : () => {};
  const signal = callerSignal ? AbortSignal.any([timeoutAbort.signal, callerSignal]) : timeoutAbort.signal;
  try {
    yield* read(resuming, signal, onState);
  } finally {
    cancelTimeout();
  }
}

function rpcOptions<State>({ resume: _, onState: __, ...options }: StreamCallOptions<State>): CallOptions {
  return options;
}

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
   * A stream that breaks, or that the server or the source could not finish, is resumed after the last piece that was
   * yielded: no byte is lost or duplicated. An event `resumed` reports it. `options.resume` limits the retries that
   * make no progress. A connection without a message for 40 seconds counts as broken: servers send one every 15.
   *
   * @throws ConnectError if the call fails, after the `end` event if there was one; with code Unavailable if the stream
   * breaks without one and cannot be resumed, so that the log is incomplete. `describeError` reads its details.
   */
  getAnalysisRunLogs(
    request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>,
    options?: LogCallOptions,
  ): AsyncIterable<LogEvent>;
  /**
   * Watches runs: yields the current runs, and then again after each change, with the changes. It continues until the
   * loop is left or `options.signal` is aborted.
   *
   * A watch that breaks, or that the server could not continue, is started again; if nothing has changed in the
   * meantime, nothing is yielded. `watchAnalysisRuns` is a single call, message by message.
   *
   * @throws ConnectError if the server refuses, or cannot be reached for too long.
   */
  watchRuns(
    request: MessageInitShape<typeof WatchAnalysisRunsRequestSchema>,
    options?: StreamCallOptions<WatchState>,
  ): AsyncIterable<WatchedRuns>;
}

/** How a stream is read. `timeoutMs` covers all calls together. */
export interface StreamCallOptions<State> extends CallOptions {
  /**
   * Whether, and how, to resume after a break. Default: true, with up to 8 consecutive tries without progress, after
   * delays of 0.25 to 15 s.
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

/** The server to call, and the caller's token. */
export interface TaffrailClientOptions {
  /** The server's address, with its base path if it has one: `https://taffrail.example.com`. */
  readonly baseUrl: string;
  /**
   * The bearer token, or a function that returns it, called for each call. Default: none, with which only
   * `getServerInfo` works. If a log ends because its token has expired, it resumes with the token that the function
   * then returns.
   */
  readonly token?: string | (() => string | Promise<string>);
  /**
   * Called when the server no longer accepts the token of a log or a watch. It lets the user sign in, and resolves once
   * they have, however long that takes. The log then resumes after the last piece that was yielded.
   * Default: the call fails.
   */
  readonly signedOut?: (signal: AbortSignal) => Promise<void>;
  /**
   * Another transport to the server, which must send the token itself. Default: the Connect protocol over `fetch`,
   * which both browsers and Node support.
   */
  readonly transport?: Transport;
}

/**
 * Creates a client, for browsers and Node.
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
        return resumingLog(
          call,
          first.cursor,
          { ...resuming, ...signIns, waits, sparesCursors: first.allPods },
          signal,
          onState,
        );
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

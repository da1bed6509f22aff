import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
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
  GetAnalysisRunLogsRequestSchema,
  GetAnalysisRunLogsResponseSchema,
  type WatchAnalysisRunsRequestSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { bytesTwin, withOutput } from "../rpc/bytes-twin.ts";
import type { LogEvent } from "./log-event.ts";
import type { LogState } from "./log-state.ts";
import { reachingFetch } from "./reaching-fetch.ts";
import { type Resuming, resumingLog } from "./resuming-log.ts";
import { resumingRuns, type WatchedRuns, type WatchState } from "./resuming-runs.ts";
import { systemTimer } from "./timer.ts";

/** Calls a Taffrail server. */
export interface TaffrailClient extends Omit<Client<typeof AnalysisRunLogService>, "getAnalysisRunLogs"> {
  /**
   * Reads a log. Leaving the loop, or aborting `options.signal`, ends the request.
   *
   * A stream that breaks, or that its server or source could not bring to an end, goes on behind the last piece that was taken: no byte is missing and none
   * comes twice. An event `resumed` says so. A connection without a message for 40 seconds counts as broken: servers send one every 15.
   *
   * @throws ConnectError when the call fails, after the `end` event where there was one; with code Unavailable when the stream breaks off
   * without one and cannot go on: what came is then not the whole log. `describeError` reads its details.
   */
  getAnalysisRunLogs(
    request: MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>,
    options?: LogCallOptions,
  ): AsyncIterable<LogEvent>;
  /**
   * Watches runs: gives them as they are, and again after each change with what has changed, until the loop is left or `options.signal` is aborted. It does not end by itself.
   *
   * A watch that breaks, or that its server could not go on with, is begun anew; what is then as it was given is not given again. `watchAnalysisRuns` is one call of it, as it comes.
   *
   * @throws ConnectError when the server refuses, or cannot be reached for too long.
   */
  watchRuns(
    request: MessageInitShape<typeof WatchAnalysisRunsRequestSchema>,
    options?: StreamCallOptions<WatchState>,
  ): AsyncIterable<WatchedRuns>;
}

/** How a stream is read. `timeoutMs` is for all calls together. */
export interface StreamCallOptions<State> extends CallOptions {
  /** Whether, and how, to go on after a break. Default: true, with 8 tries in a row that bring nothing, after 0.25 to 15 seconds. */
  readonly resume?: boolean | Partial<Resuming>;
  /** Told what the stream does now, at each change. */
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
   * The bearer token, or how to get it, asked for on each call. Default: none, which only `getServerInfo` takes.
   * A log that ends since its token has expired goes on with the one that is got then.
   */
  readonly token?: string | (() => string | Promise<string>);
  /**
   * Called where a log or a watch is refused, or ends, since nobody knows the caller any more: has somebody sign in and waits for it, for as long as it takes. A log then goes on
   * behind the last piece that was taken. Default: the call fails.
   */
  readonly signedOut?: (signal: AbortSignal) => Promise<void>;
  /** Another way to the server, which has to send the token itself. Default: `fetch` and the Connect protocol, which browsers and Node have. */
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
  const transport =
    options.transport ??
    createConnectTransport({
      baseUrl,
      useBinaryFormat: true,
      interceptors: [bearer(token)],
      fetch: reachingFetch,
    });
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
      return overAll(callOptions, (resuming, signal, onState) => {
        const call = (cursor: string, callSignal: AbortSignal) => {
          const next = clone(GetAnalysisRunLogsRequestSchema, first);
          next.cursor = cursor;
          return logs.getAnalysisRunLogs(next, { ...rpcOptions(callOptions), signal: callSignal });
        };
        return resumingLog(call, first.cursor, { ...resuming, ...signIns }, signal, onState);
      });
    },
    watchRuns(request, callOptions = {}) {
      return overAll(callOptions, (resuming, signal, onState) => {
        const call = (callSignal: AbortSignal) =>
          unary.watchAnalysisRuns(request, { ...rpcOptions(callOptions), signal: callSignal });
        return resumingRuns(call, { ...resuming, ...signIns }, signal, onState);
      });
    },
  };
}

/** Reads a stream of several calls within one time limit. */
async function* overAll<State, T>(
  { resume = true, onState = () => {}, timeoutMs = 0, signal: leaving }: StreamCallOptions<State>,
  read: (resuming: Resuming, signal: AbortSignal, onState: (state: State) => void) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const resuming = {
    ...RESUMING,
    ...(typeof resume === "object" ? resume : { tries: resume ? RESUMING.tries : 0 }),
  };
  const late = new AbortController();
  const timeOut = (): void => late.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  const cancelTimeout = timeoutMs > 0 ? resuming.timer(timeoutMs, timeOut) : () => {};
  const signal = leaving ? AbortSignal.any([late.signal, leaving]) : late.signal;
  try {
    yield* read(resuming, signal, onState);
  } finally {
    cancelTimeout();
  }
}

function rpcOptions<State>({ resume: _, onState: __, ...options }: StreamCallOptions<State>): CallOptions {
  return options;
}

function bearer(token: TaffrailClientOptions["token"]): Interceptor {
  return (next) => async (request) => {
    const value = typeof token === "function" ? await token() : token;
    if (value !== undefined) request.header.set("authorization", `Bearer ${value}`);
    return next(request);
  };
}

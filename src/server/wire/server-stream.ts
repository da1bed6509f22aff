import type { DescMessage, DescMethodServerStreaming, JsonReadOptions, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createDeadlineSignal, createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import type { NodeRequest, NodeResponse } from "../node-http.ts";
import { sharedTurn } from "../shared-turn.ts";
import { type WireFormat, wireFormatOf } from "./protocol.ts";
import { headerOf, readRequestMessage } from "./request-message.ts";
import { type Piece, ResponseWriter } from "./response-writer.ts";

/** One call, as its method sees it. */
export interface StreamCall {
  readonly request: NodeRequest;
  /** Accepts headers until the first message is written. */
  readonly response: NodeResponse;
  /** Aborted when the client disconnects or the deadline expires. */
  readonly signal: AbortSignal;
  /** The client's timeout, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** Sent at the end of the stream. */
  readonly trailers: Headers;
}

class Call implements StreamCall {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  #trailers: Headers | undefined;

  constructor(request: NodeRequest, response: NodeResponse, signal: AbortSignal, timeoutMs: number | undefined) {
    this.request = request;
    this.response = response;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
  }

  get trailers(): Headers {
    // Most calls have none, and `Headers` cost more than the rest of a call's state.
    this.#trailers ??= new Headers();
    return this.#trailers;
  }

  get hasTrailers(): boolean {
    return this.#trailers !== undefined;
  }
}

/** Frames in order. The next one is requested when the previous one has been written. */
export interface FrameSource<F> {
  /** @returns `undefined` at the end. Settles soon after the call's signal is aborted. */
  next(): Promise<F | undefined>;
  /** Ends it at any point. Called exactly once. */
  close(): void;
}

/** Reports on a call when it ends. */
export interface CallReport {
  finish(): void;
  /** Converts whatever was thrown to the error that the client receives, when it may receive it. */
  fail(error: unknown): Promise<ConnectError>;
}

/** A server-stream method, and everything that is the same for all calls of it. */
export interface ServerStreamOptions<I extends DescMessage, C, F> {
  readonly method: DescMethodServerStreaming<I>;
  /** The maximum size of the decompressed request. */
  readonly maxRequestBytes: number;
  /** Timeout for a whole request, in milliseconds. */
  readonly requestMs: number;
  /** For requests, such as the registry of `google.protobuf.Any`. Default: none. */
  readonly jsonOptions?: Partial<JsonReadOptions>;
  readonly report: (signal: AbortSignal) => CallReport;
  /** Authenticates the caller before the body is read. Its result is passed to `open`. */
  readonly admit: (call: StreamCall) => Promise<C>;
  /** Throws if a request violates the contract. */
  readonly validate: (message: MessageShape<I>) => Promise<void>;
  readonly open: (message: MessageShape<I>, call: StreamCall, caller: C) => FrameSource<F>;
  /** Encodes frames as messages; `undefined` if there is no message for a frame. */
  readonly encode: Readonly<Record<WireFormat["codec"], (frame: F) => Piece | undefined>>;
  /** The error that the call ends with after a frame, if any. */
  readonly failureOf: (frame: F) => Error | undefined;
}

/**
 * Handles one request. Errors are sent to the client as its protocol requires.
 *
 * @returns the HTTP status to refuse the request with if no protocol matches: then nothing has been sent.
 * @throws what writing the end of the stream throws.
 */
export type ServeStream = (request: NodeRequest, response: NodeResponse) => Promise<405 | 415 | undefined>;

/**
 * The maximum delay of a timer, in milliseconds. Node fires a longer one immediately:
 * https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
 */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Serves one server-stream method over Connect, gRPC and gRPC-Web, without copying what it sends. It behaves like
 * connect-node's handlers, for a third of their CPU. Responses are never compressed.
 */
export function createServerStream<I extends DescMessage, C, F>(options: ServerStreamOptions<I, C, F>): ServeStream {
  const { method, maxRequestBytes: maxBytes, requestMs } = options;
  const limits = { readMaxBytes: maxBytes, writeMaxBytes: 0xffffffff };
  const requests = createMethodSerializationLookup(method, undefined, options.jsonOptions, limits);

  return async (request, response) => {
    const format = wireFormatOf(request.headers["content-type"]);
    if (request.method !== "POST") return 405;
    if (format === undefined) return 415;
    const { protocol, codec } = format;
    const { timeoutMs, error: timeoutError } = protocol.parseTimeout(
      headerOf(request.headers[protocol.headers.timeout]),
      Number.MAX_SAFE_INTEGER,
    );
    const writer = new ResponseWriter(response, protocol.contentType[codec]);
    const leaving = new AbortController();
    const { signal } = leaving;
    const call = new Call(request, response, signal, timeoutMs);
    const leave = (): void => leaving.abort(new ConnectError("The client disconnected.", Code.Canceled));
    response.once("close", leave);
    const deadline = timeoutMs === undefined ? undefined : createDeadlineSignal(Math.min(timeoutMs, MAX_TIMER_MS));
    const expire = (): void => {
      leaving.abort(deadline?.signal.reason);
      writer.wake();
    };
    if (deadline?.signal.aborted) expire();
    else deadline?.signal.addEventListener("abort", expire);

    const report = options.report(signal);
    let source: FrameSource<F> | undefined;
    let failure: ConnectError | undefined;
    try {
      const caller = await options.admit(call);
      if (timeoutError !== undefined) throw timeoutError;
      const message = await readRequestMessage<MessageShape<I>>(request, {
        protocol,
        serialization: requests.getI(codec === "binary"),
        maxBytes,
        ms: requestMs,
      });
      await options.validate(message);
      signal.throwIfAborted();
      source = options.open(message, call, caller);
      await writeFrames(source, writer, signal, options.encode[codec], options.failureOf);
      report.finish();
    } catch (error) {
      failure = await report.fail(error);
    } finally {
      response.off("close", leave);
      deadline?.cleanup();
      source?.close();
    }
    if (response.closed || response.destroyed) return undefined;
    writer.end(
      protocol,
      failure === undefined && !call.hasTrailers ? protocol.ok : protocol.end(call.trailers, failure),
    );
    return undefined;
  };
}

/**
 * Writes frames until there are no more, at the reader's pace.
 *
 * @throws what the source throws, the failure that a frame carries, and the abort reason of `signal`.
 */
async function writeFrames<F>(
  source: FrameSource<F>,
  writer: ResponseWriter,
  signal: AbortSignal,
  encode: (frame: F) => Piece | undefined,
  failureOf: (frame: F) => Error | undefined,
): Promise<void> {
  for (;;) {
    // Before a frame is taken: what is taken is written at once, or the stream might have been stopped meanwhile.
    const turn = sharedTurn(writer.written);
    if (turn !== undefined) await turn;
    const frame = await source.next();
    if (frame === undefined) break;
    signal.throwIfAborted();
    const piece = encode(frame);
    if (piece !== undefined && !writer.write(0, piece)) await writer.drained();
    const failure = failureOf(frame);
    if (failure !== undefined) throw failure;
  }
  signal.throwIfAborted();
}

import type { DescMessage, DescMethodServerStreaming, JsonReadOptions, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createDeadlineSignal, createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import type { NodeRequest, NodeResponse } from "../node-http.ts";
import { type WireFormat, wireFormatOf } from "./protocol.ts";
import { headerOf, readRequestMessage } from "./request-message.ts";
import { type Piece, ResponseWriter } from "./response-writer.ts";

/** One call, as its method sees it. */
export interface StreamCall {
  readonly request: NodeRequest;
  /** Takes headers until the first message is written. */
  readonly response: NodeResponse;
  /** Aborted when the client leaves or its time is over. */
  readonly signal: AbortSignal;
  /** How much time the client gave, in milliseconds. */
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

/** Frames in their order. It is asked for the next one once the one before is written. */
export interface FrameSource<F> {
  /** @returns `undefined` at the end. Settles soon after the call's signal is aborted. */
  next(): Promise<F | undefined>;
  /** Ends it, wherever it is. Called once, whatever came before. */
  close(): void;
}

/** What is written about a call once it has ended. */
export interface CallReport {
  finish(): void;
  /** Turns whatever was thrown into what the client is told. */
  fail(error: unknown): ConnectError;
}

/** A server-stream method, and everything that is the same for all calls of it. */
export interface ServerStreamOptions<I extends DescMessage, C, F> {
  readonly method: DescMethodServerStreaming<I>;
  /** The most bytes that a request may have, unpacked. */
  readonly maxRequestBytes: number;
  /** For a request to arrive whole, in milliseconds. */
  readonly requestMs: number;
  /** For requests, such as what `google.protobuf.Any` may hold. Default: nothing. */
  readonly jsonOptions?: Partial<JsonReadOptions>;
  readonly report: (signal: AbortSignal) => CallReport;
  /** Authenticates the caller, before the body is read. What it resolves to is handed on to `open`. */
  readonly admit: (call: StreamCall) => Promise<C>;
  /** Throws where a request breaks the contract's rules. */
  readonly validate: (message: MessageShape<I>) => Promise<void>;
  readonly open: (message: MessageShape<I>, call: StreamCall, caller: C) => FrameSource<F>;
  /** Makes messages of frames; `undefined` where a frame is no message. */
  readonly encode: Readonly<Record<WireFormat["codec"], (frame: F) => Piece | undefined>>;
  /** With what the call fails after a frame. */
  readonly failureOf: (frame: F) => Error | undefined;
}

/**
 * Answers one request. Failures are sent to the client in the form of its protocol.
 *
 * @returns the HTTP status to refuse the request with where no protocol matches; nothing has been sent then.
 * @throws what writing the end of the stream throws.
 */
export type ServeStream = (request: NodeRequest, response: NodeResponse) => Promise<405 | 415 | undefined>;

/**
 * The longest delay of a timer, in milliseconds. Node fires a longer one at once:
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
      failure = report.fail(error);
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
  for (let frame = await source.next(); frame !== undefined; frame = await source.next()) {
    signal.throwIfAborted();
    const piece = encode(frame);
    if (piece !== undefined && !writer.write(0, piece)) await writer.drained();
    const failure = failureOf(frame);
    if (failure !== undefined) throw failure;
  }
  signal.throwIfAborted();
}

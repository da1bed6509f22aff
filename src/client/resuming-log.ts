import { Code, ConnectError } from "@connectrpc/connect";
import { type End, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { chunkEvent, type LogChunk, type LogEvent, type LogMessage } from "./log-event.ts";
import { createLogPosition } from "./log-position.ts";
import type { LogState } from "./log-state.ts";
import { type IdleTimeout, nextMessage } from "./next-message.ts";
import {
  type Backoff,
  backoffDelay,
  breakError,
  isConnectionCut,
  isOk,
  isResumable,
  isRetryable,
  MAX_FIRST_TRIES,
} from "./retry.ts";
import { sleep } from "./sleep.ts";

/** How to resume after a break. */
export interface Resuming extends Backoff, IdleTimeout {
  /** The number of consecutive retries without progress after which the stream fails. */
  readonly tries: number;
}

/** What to do when the server no longer accepts the caller's token. */
export interface SignIns {
  /** Whether the next call may send another token than the expired one. */
  readonly renewsToken: boolean;
  /** Waits until the user has signed in again. */
  readonly signedOut?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ResumingLogOptions extends Resuming, SignIns {
  /**
   * Whether the request waits for output that is not written yet (`follow`, `wait`), so that a call may bring nothing
   * but heartbeats.
   */
  readonly waits: boolean;
  /** Whether the server omits cursors of chunks that others follow at once, as it does for all pods. Default: no. */
  readonly sparesCursors?: boolean;
}

const BROKEN = "The connection broke: the log is incomplete.";
const SILENT = "The connection timed out: the log is incomplete.";
const UNFINISHED = "The stream stopped before its end: the log is incomplete.";

/**
 * The maximum number of consecutive calls that bring only heartbeats with a cursor. Each of these stands for 16 MiB or
 * 5 s of work, but messages do not say how far the scan is, so a server that repeatedly scans the same part looks the
 * same.
 */
const MAX_SCAN_CALLS = 100;

/** Chunks without a cursor are held back up to this size. */
const MAX_HELD_BYTES = 1024 * 1024;

/** How a call broke: its error, and its end if the server could still send one. */
interface Break {
  readonly error: ConnectError;
  readonly end: End | undefined;
}

/** What a call has received apart from the log itself. */
interface Heard {
  /** A heartbeat that was not the first message: the connection was up for a while. */
  heartbeat: boolean;
  /** A heartbeat with a cursor: the server has scanned a part of the log from which it sends nothing. */
  scan: boolean;
}

/**
 * Reads a log over as many calls as necessary. Only the server decides where to resume, by the cursor of the last piece
 * that the reader received. Texts are never compared.
 *
 * A call makes progress if it brings bytes of the log. A new cursor is no proof, since its text contains the time. Two
 * kinds of call make progress without bytes: one that scans (see {@link MAX_SCAN_CALLS}), and one that waits for output
 * and whose connection is cut, which says nothing about the log.
 *
 * @param call makes a call that resumes at a cursor, or starts at the beginning if it is empty.
 * @param start the request's cursor.
 * @throws ConnectError if a retry would not help, or `tries` of them in a row made no progress.
 */
export async function* resumingLog(
  call: (cursor: string, signal: AbortSignal) => AsyncIterable<LogMessage>,
  start: string,
  options: ResumingLogOptions,
  signal: AbortSignal,
  onState: (state: LogState) => void,
): AsyncGenerator<LogEvent, void, undefined> {
  const position = createLogPosition(start);
  /** Chunks without a cursor, which a resume brings again unless a cursor follows. */
  const held: LogChunk[] = [];
  let heldBytes = 0;
  let originSent = false;
  let resumptions = 0;
  let tries = 0;
  let scanCalls = 0;
  let answered = false;
  let renewedToken = false;
  const progress = (): void => {
    tries = 0;
    renewedToken = false;
  };
  const mayRenewToken = (): boolean => options.renewsToken && !renewedToken && tries < options.tries;
  const mayResume = (end: End): boolean =>
    isResumable(end) ||
    (end.reason === EndReason.TOKEN_EXPIRED && (options.signedOut !== undefined || mayRenewToken()));
  const noteBreak = ({ heartbeat, scan }: Heard, end: End | undefined): void => {
    const cut = end === undefined || isConnectionCut(end);
    if (options.waits && cut && (heartbeat || scan)) progress();
    else if (scan && scanCalls < MAX_SCAN_CALLS) {
      scanCalls += 1;
      progress();
    }
  };

  async function* readCall(): AsyncGenerator<LogEvent, Break | undefined, undefined> {
    // Transports read until the call is aborted: leaving the loop alone would not end it.
    const callAbort = new AbortController();
    const messages = call(position.cursor, AbortSignal.any([callAbort.signal, signal]))[Symbol.asyncIterator]();
    held.length = 0;
    heldBytes = 0;
    const heard: Heard = { heartbeat: false, scan: false };
    let state: LogState["kind"] | undefined;
    let resumed = false;
    let end: End | undefined;
    try {
      for (;;) {
        let message: LogMessage | undefined;
        try {
          message = await nextMessage(messages, options, SILENT, callAbort);
        } catch (error) {
          if (end !== undefined && isOk(end)) return undefined;
          if (end === undefined) noteBreak(heard, end);
          return { error: breakError(error, BROKEN), end };
        }
        if (message === undefined) break;
        if (state === undefined && answered) resumptions += 1;
        answered = true;
        const { chunk, event, cursor } = message;
        const isWaiting = event.case === "notice" && event.value.kind === NoticeKind.WAITING;
        const isHeartbeat = chunk.length === 0 && event.case === undefined;
        if (isHeartbeat && cursor !== "") heard.scan = true;
        else if (isHeartbeat && state !== undefined) heard.heartbeat = true;
        if (isWaiting) onState({ kind: "waiting", for: "log", message: event.value.message });
        else if (state === undefined || (state === "waiting" && !isHeartbeat)) onState({ kind: "streaming" });
        if (isWaiting) state = "waiting";
        else if (state === undefined || !isHeartbeat) state = "streaming";

        if (chunk.length > 0) {
          held.push(chunkEvent(message));
          heldBytes += chunk.length;
        }
        const isSpared = options.sparesCursors && cursor === "" && chunk.length > 0 && event.case === undefined;
        if (!isSpared || heldBytes > MAX_HELD_BYTES) yield* deliver();
        if (chunk.length === 0) position.setCursor(cursor);
        if (event.case === "origin") {
          if (originSent && resumptions > 0 && !resumed) {
            resumed = true;
            const { nextLine: line, bytes } = position;
            yield { kind: "resumed", origin: event.value, line, bytes, times: resumptions };
          } else yield { kind: "origin", origin: event.value };
          originSent = true;
        }
        if (event.case === "notice") yield { kind: "notice", notice: event.value };
        if (event.case === "end") {
          end = event.value;
          noteBreak(heard, end);
          if (!mayResume(end)) yield endEvent(end);
        }
      }
    } finally {
      callAbort.abort();
      Promise.resolve(messages.return?.()).catch(() => {});
    }
    if (end !== undefined && !mayResume(end)) return undefined;
    if (end === undefined) noteBreak(heard, end);
    return { error: new ConnectError(UNFINISHED, Code.Unavailable), end };
  }

  function* deliver(): Generator<LogEvent, void, undefined> {
    heldBytes = 0;
    for (const piece of held.splice(0)) {
      yield piece;
      position.take(piece);
      scanCalls = 0;
      progress();
    }
  }

  const endEvent = (end: End): LogEvent => {
    if (resumptions > 0) {
      end.lines = BigInt(position.lines);
      end.bytes = BigInt(position.bytes);
    }
    return { kind: "end", end, cursor: position.cursor };
  };

  try {
    onState({ kind: "connecting" });
    for (;;) {
      const broken = yield* readCall();
      if (broken === undefined) return;
      const { error, end } = broken;
      const maxTries = answered ? options.tries : Math.min(options.tries, MAX_FIRST_TRIES);
      const isFinal = end !== undefined && !mayResume(end);
      const isExpired = end?.reason === EndReason.TOKEN_EXPIRED;
      const isSignedOut = isExpired || error.code === Code.Unauthenticated;
      if (isSignedOut && options.signedOut !== undefined && position.resumable && !signal.aborted) {
        onState({ kind: "waiting", for: "sign-in" });
        await options.signedOut(signal).catch((reason: unknown) => {
          throw ConnectError.from(reason, Code.Canceled);
        });
        onState({ kind: "resuming", tries: 1, of: maxTries });
        continue;
      }
      const canRetry = position.resumable && tries < maxTries && (isExpired || isRetryable(error, answered));
      if (signal.aborted || isFinal || !canRetry) {
        yield* deliver();
        if (end !== undefined && !isFinal) yield endEvent(end);
        throw error;
      }
      tries += 1;
      renewedToken ||= isExpired;
      const delayMs = backoffDelay(tries, options);
      onState({ kind: "waiting", for: "server", tries, of: maxTries, delayMs, error });
      await sleep(delayMs, signal, options.timer).catch((reason: unknown) => {
        throw ConnectError.from(reason, Code.Canceled);
      });
      onState({ kind: "resuming", tries, of: maxTries });
    }
  } finally {
    onState({ kind: "ended" });
  }
}

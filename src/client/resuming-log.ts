import { Code, ConnectError } from "@connectrpc/connect";
import { type End, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Backoff, delayBefore } from "./backoff.ts";
import { breakError, endedWell, FIRST_TRIES, goesOn, mayPass, wasCut } from "./broken.ts";
import { chunkEvent, type LogEvent, type LogMessage } from "./log-event.ts";
import { createLogPlace } from "./log-place.ts";
import type { LogState } from "./log-state.ts";
import { nextInTime, type Silence } from "./next-in-time.ts";
import { wait } from "./timer.ts";

/** How to go on after a break. */
export interface Resuming extends Backoff, Silence {
  /** How often to call again with nothing coming of it. */
  readonly tries: number;
}

/** What to do once the caller is not known any more. */
export interface SignIns {
  /** Whether the next call may have another token than the one that has expired. */
  readonly renewsToken: boolean;
  /** Waits until somebody has signed in again. */
  readonly signedOut?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

const BROKEN = "The connection broke off: the log is incomplete.";
const SILENT = "The connection has gone silent: the log is incomplete.";

/** How a call broke: with what error, and with what end if the server could still say one. */
interface Break {
  readonly error: ConnectError;
  readonly end: End | undefined;
}

/**
 * Reads a log over as many calls as it takes. Where to go on is the server's word alone: the cursor that came with what the reader has taken. Nothing is
 * compared with what came before.
 *
 * @param call makes a call that goes on behind a cursor, or begins where it is empty.
 * @param start the cursor of the request.
 * @throws ConnectError where asking again does not help, or has not helped often enough.
 */
export async function* resumingLog(
  call: (cursor: string, signal: AbortSignal) => AsyncIterable<LogMessage>,
  start: string,
  options: Resuming & SignIns,
  signal: AbortSignal,
  onState: (state: LogState) => void,
): AsyncGenerator<LogEvent, void, undefined> {
  const place = createLogPlace(start);
  let told = false;
  let times = 0;
  let tries = 0;
  let begun = false;
  let renewed = false;
  const getsOn = (): void => {
    tries = 0;
    renewed = false;
  };
  const renewsToken = (): boolean => options.renewsToken && !renewed && tries < options.tries;
  const mayGoOn = (end: End): boolean =>
    goesOn(end) || (end.reason === EndReason.TOKEN_EXPIRED && (options.signedOut !== undefined || renewsToken()));

  async function* part(): AsyncGenerator<LogEvent, Break | undefined, undefined> {
    // Transports read on until the call is aborted: leaving the loop alone would not end it.
    const leaving = new AbortController();
    const reading = call(place.cursor, AbortSignal.any([leaving.signal, signal]))[Symbol.asyncIterator]();
    let state: LogState["kind"] | undefined;
    let resumed = false;
    let end: End | undefined;
    // A quiet log through a proxy that cuts every 20 seconds brings nothing but heartbeats: behind another message they say that the call stood for a while.
    let stood = false;
    try {
      for (;;) {
        let message: LogMessage | undefined;
        try {
          message = await nextInTime(reading, options, SILENT, leaving);
        } catch (error) {
          if (end !== undefined && endedWell(end)) return undefined;
          if (stood && end === undefined) getsOn();
          return { error: breakError(error, BROKEN), end };
        }
        if (message === undefined) break;
        if (state === undefined && begun) times += 1;
        begun = true;
        const { chunk, event, cursor } = message;
        const waiting = event.case === "notice" && event.value.kind === NoticeKind.WAITING;
        const isHeartbeat = chunk.length === 0 && event.case === undefined;
        if (isHeartbeat && cursor === "" && state !== undefined) stood = true;
        if (waiting) onState({ kind: "waiting", for: "log", message: event.value.message });
        else if (state === undefined || (state === "waiting" && !isHeartbeat)) onState({ kind: "streaming" });
        if (waiting) state = "waiting";
        else if (state === undefined || !isHeartbeat) state = "streaming";

        if (chunk.length > 0) {
          const piece = chunkEvent(message);
          yield piece;
          place.take(piece);
          getsOn();
        } else if (place.move(cursor)) getsOn();
        if (event.case === "origin") {
          if (told && times > 0 && !resumed) {
            resumed = true;
            yield { kind: "resumed", origin: event.value, line: place.nextLine, bytes: place.bytes, times };
          } else yield { kind: "origin", origin: event.value };
          told = true;
        }
        if (event.case === "notice") yield { kind: "notice", notice: event.value };
        if (event.case === "end") {
          end = event.value;
          if (stood && wasCut(end)) getsOn();
          if (!mayGoOn(end)) yield endEvent(end);
        }
      }
    } finally {
      leaving.abort();
      Promise.resolve(reading.return?.()).catch(() => {});
    }
    if (end !== undefined && !mayGoOn(end)) return undefined;
    if (stood && end === undefined) getsOn();
    return { error: new ConnectError("The stream broke off: the log is incomplete.", Code.Unavailable), end };
  }

  const endEvent = (end: End): LogEvent => {
    if (times > 0) {
      end.lines = BigInt(place.lines);
      end.bytes = BigInt(place.bytes);
    }
    return { kind: "end", end, cursor: place.cursor };
  };

  try {
    onState({ kind: "connecting" });
    for (;;) {
      const broken = yield* part();
      if (broken === undefined) return;
      const { error, end } = broken;
      const most = begun ? options.tries : Math.min(options.tries, FIRST_TRIES);
      const final = end !== undefined && !mayGoOn(end);
      const renews = end?.reason === EndReason.TOKEN_EXPIRED;
      const isSignedOut = renews || error.code === Code.Unauthenticated;
      if (isSignedOut && options.signedOut !== undefined && place.resumable && !signal.aborted) {
        onState({ kind: "waiting", for: "sign-in" });
        await options.signedOut(signal).catch((reason: unknown) => {
          throw ConnectError.from(reason, Code.Canceled);
        });
        onState({ kind: "resuming", tries: 1, of: most });
        continue;
      }
      if (signal.aborted || final || tries >= most || !place.resumable || !(renews || mayPass(error, begun))) {
        if (end !== undefined && !final) yield endEvent(end);
        throw error;
      }
      tries += 1;
      renewed ||= renews;
      const delayMs = delayBefore(tries, options);
      onState({ kind: "waiting", for: "server", tries, of: most, delayMs, error });
      await wait(delayMs, options.timer, signal).catch((reason: unknown) => {
        throw ConnectError.from(reason, Code.Canceled);
      });
      onState({ kind: "resuming", tries, of: most });
    }
  } finally {
    onState({ kind: "ended" });
  }
}

import { Code, ConnectError } from "@connectrpc/connect";
import { limitExceeded } from "../limits.ts";
import { connectError, reportFailure } from "../rpc/errors.ts";
import type { NodeRequest } from "./node-http.ts";

/**
 * Reads a request's body with a timeout, so that a slow client cannot keep the call open for ever.
 *
 * If the reader leaves early, the rest is discarded as it arrives, so that a response can still be sent.
 *
 * @param ms timeout for the whole body; for a stream of requests, for each piece.
 * @throws ConnectError REQUEST_TOO_SLOW, and what the request throws.
 */
export async function* readBody(request: NodeRequest, ms: number, isStream: boolean): AsyncGenerator<Uint8Array> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => undefined);
  const timer = setTimeout(() => reject(tooSlow(ms)), ms);
  // A reader that fails may neither go on nor leave.
  request.once("close", () => clearTimeout(timer));
  // Leaving the loop must not destroy the connection.
  const pieces = request.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const { done, value } = await Promise.race([pieces.next(), late]);
      if (done) return;
      if (isStream) timer.refresh();
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // While a read is pending, resume() has no effect: https://nodejs.org/api/stream.html#readableresume
    const flow = (): void => void request.resume();
    pieces.return?.().then(flow, flow);
  }
}

/**
 * Reads a request's whole body. A faster {@link readBody} for the many requests that arrive in one piece.
 *
 * @param isEnough called with the first piece and the number of bytes so far. What arrives after enough is discarded.
 * @param ms timeout for the whole body.
 * @throws ConnectError REQUEST_TOO_SLOW, CANCELED if the client disconnects, and what the request throws.
 */
export function readWholeBody(
  request: NodeRequest,
  ms: number,
  isEnough: (first: Buffer, bytes: number) => boolean,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const pieces: Buffer[] = [];
  let bytes = 0;
  const settle = (): void => {
    clearTimeout(timer);
    request.off("data", take).off("end", finish).off("error", fail).off("close", leave);
    request.resume();
  };
  const finish = (): void => {
    settle();
    const [first, ...others] = pieces;
    resolve(first === undefined || others.length > 0 ? Buffer.concat(pieces) : first);
  };
  const take = (piece: Buffer): void => {
    pieces.push(piece);
    bytes += piece.length;
    if (isEnough(pieces[0] ?? piece, bytes)) finish();
  };
  const fail = (error: unknown): void => {
    settle();
    reject(error);
  };
  const leave = (): void => fail(new ConnectError("The client disconnected.", Code.Canceled));
  const timer = setTimeout(() => fail(tooSlow(ms)), ms);
  request.on("data", take).on("end", finish).on("error", fail).on("close", leave);
  if (request.destroyed) leave();
  return promise;
}

function tooSlow(ms: number): Error {
  const message = `The request did not arrive within ${ms / 1_000} s.`;
  const next = "Send the whole request within that time.";
  return connectError(reportFailure(limitExceeded("request.time", message, { next })));
}

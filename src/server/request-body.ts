import { Failure } from "../failure.ts";
import { connectError, tellFailure } from "../rpc/errors.ts";
import type { NodeRequest } from "./node-http.ts";

/**
 * Reads a request's body, and throws where it takes too long to arrive: a byte now and then would hold the request for ever.
 *
 * What is left when its reader has seen enough is thrown away as it comes, so that an answer can still be sent.
 *
 * @param ms for all of it to arrive; of a stream of requests, for each piece.
 * @throws ConnectError REQUEST_TOO_SLOW, and what the request throws.
 */
export async function* readBody(request: NodeRequest, ms: number, isStream: boolean): AsyncGenerator<Uint8Array> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => undefined);
  const timer = setTimeout(() => reject(tooSlow(ms)), ms);
  // What is left must not end the connection.
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
    // As long as somebody waits for a piece, nothing flows: https://nodejs.org/api/stream.html#readableresume
    const flow = (): void => void request.resume();
    pieces.return?.().then(flow, flow);
  }
}

function tooSlow(ms: number): Error {
  const message = `The request did not arrive within ${ms / 1_000} s.`;
  const next = "Send it at once.";
  return connectError(tellFailure(new Failure("too-much", "REQUEST_TOO_SLOW", message, { next })));
}

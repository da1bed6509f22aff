import { constants, type Http2ServerResponse } from "node:http2";
import type { Logger } from "pino";
import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Sleep } from "../sleep.ts";
import type { Refusals } from "../telemetry/refusals.ts";
import type { NodeResponse } from "./node-http.ts";

export interface StallOptions {
  /** How long a client may read nothing, in milliseconds. */
  readonly stallMs: number;
  readonly sleep: Sleep;
  readonly log: Logger;
  readonly refusals: Refusals;
}

/** How often the response is checked within that time. */
const CHECKS = 5;

/**
 * Ends a response whose client reads nothing for too long, which frees everything behind it. Slow clients are not
 * affected, nor those that wait for us.
 *
 * A client counts as reading when the response's buffer drains, which holds some 256 KiB.
 */
export function endStalledResponse(response: NodeResponse, path: string, options: StallOptions): void {
  const { stallMs, sleep, log, refusals } = options;
  const closed = new AbortController();
  let drains = 0;
  response.on("drain", () => {
    drains += 1;
  });
  response.once("close", () => closed.abort(NO_LONGER_NEEDED));
  const watch = async (): Promise<void> => {
    // The first check counts drains before it as progress.
    for (let stalled = 0, before = -1; stalled < CHECKS; before = drains) {
      await sleep(stallMs / CHECKS, closed.signal);
      stalled = bufferedBytes(response) > 0 && drains === before ? stalled + 1 : 0;
    }
    log.info({ reason: "READER_STALLED", path, ms: stallMs }, "response ended: the client read nothing for too long");
    refusals.count("limits.readerStall");
    endAtOnce(response);
  };
  // Only the sleep can fail, when the response is closed.
  watch().catch(() => undefined);
}

/** How many bytes wait to be sent. */
function bufferedBytes(response: NodeResponse): number {
  return isHttp2(response) ? response.stream.writableLength : response.writableLength;
}

function endAtOnce(response: NodeResponse): void {
  if (!isHttp2(response)) {
    response.socket?.resetAndDestroy();
    return;
  }
  // Only the stream, because its connection may carry others. The code is one that no client mistakes for success, and
  // destroy() does not wait for the client to read the rest.
  response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  response.stream.destroy();
}

function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return "stream" in response;
}

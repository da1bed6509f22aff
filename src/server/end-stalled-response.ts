import { constants, type Http2ServerResponse } from "node:http2";
import type { Logger } from "pino";
import type { Sleep } from "../sleep.ts";
import type { NodeResponse } from "./node-http.ts";

export interface StallOptions {
  /** For how long a client may take nothing of what is sent to it, in milliseconds. */
  readonly stallMs: number;
  readonly sleep: Sleep;
  readonly log: Logger;
}

/** How often a reader is looked at within the time that it has. */
const LOOKS = 5;

/**
 * Ends a response whose reader takes nothing of what waits for it, for too long: all that stands behind it is freed. A reader that is slow but moves is
 * left alone, and so is one that waits for us.
 *
 * It moves when all that waited for it is taken, which is some 256 KiB.
 */
export function endStalledResponse(response: NodeResponse, path: string, { stallMs, sleep, log }: StallOptions): void {
  const over = new AbortController();
  let taken = 0;
  response.on("drain", () => {
    taken += 1;
  });
  response.once("close", () => over.abort());
  const watch = async (): Promise<void> => {
    // The first look sees what was taken before it.
    for (let stalled = 0, before = -1; stalled < LOOKS; before = taken) {
      await sleep(stallMs / LOOKS, over.signal);
      stalled = waitingBytes(response) > 0 && taken === before ? stalled + 1 : 0;
    }
    log.info({ reason: "READER_STALLED", path, ms: stallMs }, "response ended: the client read nothing for too long");
    endAtOnce(response);
  };
  // Only the sleep can fail, once the response is over.
  watch().catch(() => undefined);
}

/** How many bytes wait for the reader. */
function waitingBytes(response: NodeResponse): number {
  return isHttp2(response) ? response.stream.writableLength : response.writableLength;
}

function endAtOnce(response: NodeResponse): void {
  if (!isHttp2(response)) {
    response.socket?.resetAndDestroy();
    return;
  }
  // The stream alone: its connection may carry others. With a code that no client takes for an end, and without a wait for what the reader would have to take.
  response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  response.stream.destroy();
}

function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return "stream" in response;
}

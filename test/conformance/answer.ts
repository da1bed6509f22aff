import type { ServerResponse } from "node:http";
import type { Trouble } from "./stored-log.ts";

/** Counts the requests in progress. */
export interface Answering {
  readonly count: number;
  /** Counts a request until its response ends. */
  begin(): () => void;
  until(count: number): Promise<void>;
}

export function createAnswering(): Answering {
  let count = 0;
  let waiting: (() => void)[] = [];
  const change = (by: number): void => {
    count += by;
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  };
  return {
    get count() {
      return count;
    },
    begin() {
      change(1);
      let ended = false;
      return () => {
        if (!ended) change(-1);
        ended = true;
      };
    },
    async until(wanted) {
      while (count !== wanted) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

/** Sends a body at its reader's pace, with its fault. The headers have been written. */
export async function sendBody(
  response: ServerResponse,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  trouble: Trouble | undefined,
  onSent: (bytes: number) => void,
): Promise<void> {
  const stopsAfter = trouble !== undefined && "after" in trouble ? trouble.after : Number.POSITIVE_INFINITY;
  let left = stopsAfter;
  response.flushHeaders();
  for await (const piece of body) {
    const part = piece.subarray(0, left);
    left -= part.length;
    onSent(part.length);
    if (part.length > 0 && !response.write(part)) await drained(response);
    if (response.destroyed) return;
    if (left === 0) break;
  }
  if (left > 0) response.end();
  else if (trouble?.kind === "cut") response.socket?.destroySoon();
}

/** Settles when more may be written, or the reader has left. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
    if (response.destroyed) done();
  });
}

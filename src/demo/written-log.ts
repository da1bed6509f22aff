import type { Body } from "./body.ts";

/** What a container wrote at one time: usually a line. */
export interface WrittenLine {
  /** The index in everything the container ever wrote, from 0. */
  readonly index: number;
  /** The time, as RFC 3339 in UTC with nine fractional digits, so that strings sort like times. */
  readonly time: string;
  /** Including the line feed, unless the container has not written it yet. */
  readonly bytes: Uint8Array;
}

/** The log of a container on its node. */
export interface WrittenLog {
  /** The existing entries from index `from` on, in order. Rotated entries are omitted. */
  lines(from: number): Iterable<WrittenLine>;
  /** Resolves when there are more entries, or when the signal is aborted. It may resolve too early. */
  untilMore(next: number, signal: AbortSignal): Promise<void>;
  /**
   * Changes a response on its way to the reader; by default it does not. If it ends, the response ends normally; if it
   * throws, the connection breaks.
   */
  through?(pieces: AsyncIterable<Uint8Array>, query: URLSearchParams): AsyncIterable<Uint8Array>;
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z/;
const TIME_BYTES = "2026-01-01T00:00:00.000000000Z".length;

/** A time in the format of a node. */
export function writtenTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}

/**
 * Converts a text to a log. A line was written at the time that it begins with, else together with the previous line.
 *
 * @param startedAt when the first line was written, unless it begins with a time, in milliseconds since 1970.
 */
export function writtenLog(body: Pick<Body, "chunks">, startedAt: number): WrittenLog {
  return {
    *lines(from) {
      let index = 0;
      let time = writtenTime(startedAt);
      for (const bytes of linesOf(body.chunks())) {
        const [, second, fraction = ""] =
          TIME.exec(Buffer.from(bytes.subarray(0, TIME_BYTES)).toString("latin1")) ?? [];
        const own = second === undefined ? time : `${second}.${fraction.padEnd(9, "0")}Z`;
        // Times on a node never go back.
        if (own > time || index === 0) time = own;
        if (index >= from) yield { index, time, bytes };
        index += 1;
      }
    },
    untilMore: (_next, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      }),
  };
}

function* linesOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let rest = new Uint8Array();
  for (const chunk of chunks) {
    let left = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = left.indexOf(0x0a); end >= 0; end = left.indexOf(0x0a)) {
      yield left.subarray(0, end + 1);
      left = left.subarray(end + 1);
    }
    rest = left as Uint8Array<ArrayBuffer>;
  }
  if (rest.length > 0) yield rest;
}

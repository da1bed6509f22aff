import { parseNanos } from "../template/times.ts";
import { isLabels, type LokiStream, readStreams } from "./loki-answer.ts";
import type { LokiLabels } from "./loki-query.ts";
import type { EntriesPiece } from "./source.ts";

/** Returns the container's text for a line in Loki, or `undefined` if it is another container's. */
export type DecodeLine = (line: string) => string | undefined;

interface Lines {
  readonly bytes: Buffer;
  readonly times: readonly string[];
  /** Where each line begins, and where the last one ends. */
  readonly starts: readonly number[];
}

const NO_LINES: Lines = { bytes: Buffer.alloc(0), times: [], starts: [0] };

/**
 * Lines in order of time. Lines of the same time are in order of their streams' labels, and within a stream as Loki has
 * them: so any two answers have them in the same order.
 */
export class LokiPage {
  readonly #lines: Lines;

  constructor(lines: Lines = NO_LINES) {
    this.#lines = lines;
  }

  get length(): number {
    return this.#lines.times.length;
  }

  /** In nanoseconds since 1970; `undefined` if it has no lines. */
  get firstTime(): bigint | undefined {
    return nanosOf(this.#lines.times[0]);
  }

  get lastTime(): bigint | undefined {
    return nanosOf(this.#lines.times.at(-1));
  }

  /** Returns some of its lines. */
  slice(from: number, to = this.length): LokiPage {
    const { bytes, times, starts } = this.#lines;
    return new LokiPage({ bytes, times: times.slice(from, to), starts: starts.slice(from, to + 1) });
  }

  /** Splits it into parts of about this size. */
  *parts(bytes: number): Generator<LokiPage, void, undefined> {
    const { starts } = this.#lines;
    for (let from = 0; from < this.length; ) {
      const limit = (starts[from] ?? 0) + bytes;
      let to = from + 1;
      while (to < this.length && (starts[to + 1] ?? 0) <= limit) to += 1;
      yield this.slice(from, to);
      from = to;
    }
  }

  /** Returns the lines that are not of its first time. */
  withoutFirstTime(): LokiPage {
    const { times } = this.#lines;
    const at = times.findIndex((time) => time !== times[0]);
    return this.slice(at === -1 ? this.length : at);
  }

  /** Returns the lines that are not of its last time. */
  withoutLastTime(): LokiPage {
    const { times } = this.#lines;
    return this.slice(0, times.findLastIndex((time) => time !== times.at(-1)) + 1);
  }

  /** With its line feed. */
  lineAt(index: number): Buffer {
    const { bytes, starts } = this.#lines;
    return bytes.subarray(starts[index], starts[index + 1]);
  }

  /** Makes a piece of the lines. `undefined` if there are none. */
  toPiece(decode: DecodeLine | undefined): EntriesPiece | undefined {
    const { bytes, times, starts } = decode === undefined ? this.#lines : this.#decoded(decode);
    const first = starts[0];
    const last = starts[times.length];
    if (first === undefined || last === undefined || times.length === 0) return undefined;
    const moved = starts.slice(0, -1);
    return {
      bytes: bytes.subarray(first, last),
      times: { starts: first === 0 ? moved : moved.map((start) => start - first), times },
    };
  }

  #decoded(decode: DecodeLine): Lines {
    const times: string[] = [];
    const starts: number[] = [];
    const lines: Buffer[] = [];
    let at = 0;
    for (let index = 0; index < this.length; index += 1) {
      const own = decode(this.lineAt(index).toString());
      if (own === undefined) continue;
      for (const line of own.replace(/\n$/, "").split("\n")) {
        const bytes = Buffer.from(`${line}\n`);
        lines.push(bytes);
        times.push(this.#lines.times[index] ?? "");
        starts.push(at);
        at += bytes.length;
      }
    }
    return { bytes: Buffer.concat(lines, at), times, starts: [...starts, at] };
  }
}

/**
 * Reads the answer to a query, and merges its streams.
 *
 * @param bytes are overwritten.
 * @param direction that of the query.
 * @returns the lines, and how many of them Loki counts: a shipper that joins lines sends them as one.
 * @throws Error if it is not such an answer.
 */
export function readPage(
  bytes: Buffer,
  direction: "forward" | "backward",
): { readonly page: LokiPage; readonly count: number } {
  const streams = readStreams(bytes);
  const count = streams.reduce((sum, { times, joined }) => sum + times.length - joined.size, 0);
  const [first] = streams;
  const isInOrder = first !== undefined && streams.length === 1 && direction === "forward";
  return { page: new LokiPage(isInOrder ? { bytes, ...first } : mergeStreams(bytes, streams, direction)), count };
}

function mergeStreams(bytes: Buffer, streams: readonly LokiStream[], direction: "forward" | "backward"): Lines {
  const lines: { readonly time: string; readonly from: number; readonly to: number }[] = [];
  for (const { times, starts, joined } of streams.toSorted((a, b) =>
    compare(streamKey(a.labels), streamKey(b.labels)),
  )) {
    const own = times.map((time, index) => ({ time, from: starts[index] ?? 0, to: starts[index + 1] ?? 0 }));
    lines.push(...(direction === "forward" ? own : reversed(own, joined)));
  }
  // Sorting is stable, and little work where most of them are in order.
  lines.sort((a, b) => compare(a.time, b.time));
  const text = Buffer.allocUnsafe(lines.reduce((sum, { from, to }) => sum + to - from, 0));
  const starts = [0];
  let at = 0;
  for (const { from, to } of lines) {
    at += bytes.copy(text, at, from, to);
    starts.push(at);
  }
  return { bytes: text, times: lines.map(({ time }) => time), starts };
}

/** Reverses the order of lines, but not of those that are joined. */
function reversed<T>(lines: readonly T[], joined: ReadonlySet<number>): T[] {
  if (joined.size === 0) return lines.toReversed();
  const ordered: T[] = [];
  for (let last = lines.length; last > 0; ) {
    let first = last - 1;
    while (joined.has(first)) first -= 1;
    ordered.push(...lines.slice(first, last));
    last = first;
  }
  return ordered;
}

/**
 * Reads the streams in an answer, in the order in which their lines of the same time are read.
 *
 * @throws Error if it is not such an answer.
 */
export function readSeries(text: string): readonly LokiLabels[] {
  const { status, data }: { status?: unknown; data?: unknown } = JSON.parse(text);
  const streams: readonly unknown[] = data === null || data === undefined ? [] : Array.isArray(data) ? data : [0];
  if (status !== "success" || !streams.every(isLabels)) throw new Error("This is no answer with labels.");
  return streams.toSorted((a, b) => compare(streamKey(a), streamKey(b)));
}

function streamKey(labels: LokiLabels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => compare(a, b)));
}

function nanosOf(time: string | undefined): bigint | undefined {
  return time === undefined ? undefined : parseNanos(time);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

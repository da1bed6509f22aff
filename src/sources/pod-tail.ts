import type { EntriesPiece } from "./source.ts";

/** Opens the last records of a log, as many as this. A line is one record or, where its runtime cuts long ones, several. */
export type OpenRecords = (records: number) => Promise<AsyncIterableIterator<EntriesPiece>>;

/** The last lines of a log. */
export interface PodTail {
  readonly pieces: AsyncIterable<EntriesPiece>;
  /** Whether the beginning of the first line is missing. */
  readonly cut: boolean;
}

/** How far back the beginning of a line is looked for. */
const MAX_BYTES = 16 * 1024 * 1024;
/** How many times as many records are asked for, each time that they are too few. */
const GROWTH = 8;

/**
 * Reads the last lines of a pod's log, whole ones, by asking for more and more records.
 *
 * A kubelet puts a time before the first record that it sends, even inside a line: only behind a line feed does a line surely
 * begin, so one record more has to be asked for.
 *
 * @throws what `open` throws, and its pieces.
 */
export async function readPodTail(open: OpenRecords, lines: number): Promise<PodTail> {
  let before: string | undefined;
  for (let records = lines + 1; ; records *= GROWTH) {
    const pieces = await open(records);
    const { piece, isWhole } = await collect(pieces);
    const begins = piece.times.starts.filter((start) => start > 0);
    if (!isWhole) {
      // There is more than is kept: what has come goes out before the rest of the answer.
      return { pieces: chain(pieceFrom(piece, begins[0] ?? 0), pieces), cut: begins.length === 0 };
    }
    const first = begins[begins.length - lines];
    if (first !== undefined) return { pieces: chain(pieceFrom(piece, first)), cut: false };
    const begin = beginOf(piece);
    // More records brought no more: this is the log's beginning.
    if (begin === undefined || begin === before) return { pieces: chain(piece), cut: false };
    before = begin;
  }
}

/** As much of an answer as may be kept, in one piece; `isWhole`: that is all of it. */
async function collect(
  pieces: AsyncIterator<EntriesPiece>,
): Promise<{ readonly piece: EntriesPiece; readonly isWhole: boolean }> {
  const bytes: Uint8Array[] = [];
  const starts: number[] = [];
  const times: string[] = [];
  let length = 0;
  let isWhole = false;
  while (length <= MAX_BYTES && !isWhole) {
    const next = await pieces.next();
    if (next.done === true) isWhole = true;
    else {
      for (const start of next.value.times.starts) starts.push(length + start);
      for (const time of next.value.times.times) times.push(time);
      bytes.push(next.value.bytes);
      length += next.value.bytes.length;
    }
  }
  return { piece: { bytes: Buffer.concat(bytes, length), times: { starts, times } }, isWhole };
}

function pieceFrom({ bytes, times }: EntriesPiece, from: number): EntriesPiece {
  if (from === 0) return { bytes, times };
  const first = times.starts.findIndex((start) => start >= from);
  const starts = times.starts.slice(first).map((start) => start - from);
  return { bytes: bytes.subarray(from), times: { starts, times: times.times.slice(first) } };
}

/** What tells the beginning of one answer from that of another; `undefined` where nothing has come. */
function beginOf({ bytes, times }: EntriesPiece): string | undefined {
  if (bytes.length === 0) return undefined;
  const end = Math.min(times.starts[1] ?? bytes.length, 256);
  return `${times.times[0]} ${Buffer.from(bytes.subarray(0, end)).toString("latin1")}`;
}

async function* chain(
  first: EntriesPiece,
  rest?: AsyncIterable<EntriesPiece>,
): AsyncGenerator<EntriesPiece, void, undefined> {
  if (first.bytes.length > 0) yield first;
  if (rest !== undefined) yield* rest;
}

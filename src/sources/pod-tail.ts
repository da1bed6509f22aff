import type { EntriesPiece } from "./source.ts";

/** Opens the last records of a log. A line is one record or, if the runtime cuts long lines, several. */
export type OpenRecords = (records: number) => Promise<AsyncIterableIterator<EntriesPiece>>;

/** The last lines of a log. */
export interface PodTail {
  readonly pieces: AsyncIterable<EntriesPiece>;
  /** Whether the beginning of the first line is missing. */
  readonly cut: boolean;
}

/** How far back the beginning of a line is searched. */
const MAX_BYTES = 16 * 1024 * 1024;
/** The factor by which the number of requested records grows each time. */
const GROWTH = 8;

/**
 * Reads the last whole lines of a pod's log, by requesting more and more records. If the lines are longer than 16 MiB
 * together, it returns the last 16 MiB.
 *
 * A kubelet writes a time before the first record that it sends, even within a line. Only a line feed proves that a
 * line begins after it, so one more record must be requested.
 *
 * @throws what `open` throws, and its pieces.
 */
export async function readPodTail(open: OpenRecords, lines: number): Promise<PodTail> {
  let before: string | undefined;
  for (let records = lines + 1; ; records *= GROWTH) {
    const { piece, isWhole } = await readEnd(await open(records));
    const begins = piece.times.starts.filter((start) => start > 0);
    const first = begins[begins.length - lines];
    if (first !== undefined) return { pieces: given(pieceFrom(piece, first)), cut: false };
    if (!isWhole) return { pieces: given(piece), cut: true };
    const begin = beginOf(piece);
    // More records returned no more text: this is the log's beginning.
    if (begin === undefined || begin === before) return { pieces: given(piece), cut: false };
    before = begin;
  }
}

/** The end of a response, up to the limit, in one piece. `isWhole`: it is the whole response. */
async function readEnd(
  pieces: AsyncIterable<EntriesPiece>,
): Promise<{ readonly piece: EntriesPiece; readonly isWhole: boolean }> {
  const kept: EntriesPiece[] = [];
  let length = 0;
  let isWhole = true;
  for await (const piece of pieces) {
    kept.push(piece);
    length += piece.bytes.length;
    for (let first = kept[0]; first !== undefined && length - first.bytes.length >= MAX_BYTES; first = kept[0]) {
      kept.shift();
      length -= first.bytes.length;
      isWhole = false;
    }
  }
  const starts: number[] = [];
  const times: string[] = [];
  let at = 0;
  for (const piece of kept) {
    for (const start of piece.times.starts) starts.push(at + start);
    for (const time of piece.times.times) times.push(time);
    at += piece.bytes.length;
  }
  const bytes = Buffer.concat(
    kept.map((piece) => piece.bytes),
    length,
  );
  return { piece: { bytes, times: { starts, times } }, isWhole };
}

function pieceFrom({ bytes, times }: EntriesPiece, from: number): EntriesPiece {
  const first = times.starts.findIndex((start) => start >= from);
  const starts = times.starts.slice(first).map((start) => start - from);
  return { bytes: bytes.subarray(from), times: { starts, times: times.times.slice(first) } };
}

/** Identifies the beginning of a response; `undefined` if it is empty. */
function beginOf({ bytes, times }: EntriesPiece): string | undefined {
  if (bytes.length === 0) return undefined;
  const end = Math.min(times.starts[1] ?? bytes.length, 256);
  return `${times.times[0]} ${Buffer.from(bytes.subarray(0, end)).toString("latin1")}`;
}

async function* given(piece: EntriesPiece): AsyncGenerator<EntriesPiece, void, undefined> {
  if (piece.bytes.length > 0) yield piece;
}

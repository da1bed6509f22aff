import type { EntriesPiece, LogSource, OpenedEntries } from "../sources/source.ts";
import { cutLength, LINE_FEED } from "../stream/characters.ts";
import { createDecoder } from "../stream/charset.ts";
import type { LineTimes } from "../stream/line-times.ts";
import { TailBuffer } from "../stream/tail-buffer.ts";
import { AnchorSkip } from "./anchor-skip.ts";
import { throwUnlessEnd } from "./log-damaged.ts";
import type { TimedPlace } from "./place.ts";
import type { SourceRequest } from "./source-request.ts";
import { SourceText } from "./source-text.ts";
import { FIRST_PIECE_BYTES, PIECE_BYTES, type TextPiece } from "./text.ts";

/** Text with the times of its lines. */
interface Lines {
  readonly bytes: Uint8Array;
  readonly times: LineTimes;
}

export interface EntriesTextOptions {
  readonly place: TimedPlace | undefined;
  readonly offset: number | undefined;
  readonly growing: boolean;
  readonly stored?: { readonly source: Pick<LogSource, "name">; readonly settled: boolean };
}

const NO_TIMES: LineTimes = { starts: [], times: [] };

/**
 * The text of a log that is stored as lines with times: from its beginning, from a place, or from where the response
 * begins.
 */
export class EntriesText extends SourceText<EntriesPiece> {
  readonly decoding = undefined;
  readonly document = undefined;
  readonly #stored: EntriesTextOptions["stored"];
  readonly #growing: boolean;
  readonly #entries: AsyncIterator<EntriesPiece, undefined>;
  readonly #decoder = createDecoder("utf-8");
  readonly #position: EntriesPosition;
  readonly #skip: AnchorSkip | undefined;
  #pieceBytes = FIRST_PIECE_BYTES;
  /** Lines that have come and are not returned yet, oldest first. */
  #waiting: Lines[] = [];
  /** What is missing before the next piece. */
  #missing: string | undefined;
  /** The time of a line of which only a part of a character has come. */
  #cutLine: string | undefined;

  /**
   * @param place where the text begins; what lies before it is skipped. `undefined`: at the first line that comes.
   * @param offset how many bytes of the log lie before the text. `undefined`: unknown.
   * @param growing whether an unfinished character at the end is left for the next read.
   * @param stored of entries that are records in a stored file, which may be damaged: its source, and whether it gets no
   * more.
   */
  constructor(log: OpenedEntries, request: SourceRequest, { place, offset, growing, stored }: EntriesTextOptions) {
    super(log, request, log.timed !== false);
    this.#stored = stored;
    this.#growing = growing;
    this.#entries = log.pieces[Symbol.asyncIterator]();
    this.#position = new EntriesPosition(place, offset);
    this.#skip = place === undefined ? undefined : new AnchorSkip(place);
  }

  get replaced(): boolean {
    return this.#decoder.replaced;
  }

  protected take(): TextPiece | undefined {
    for (let lines = this.#waiting.shift(); lines !== undefined; lines = this.#waiting.shift()) {
      const piece = this.#pieceOf(lines);
      if (piece !== undefined) return piece;
    }
    return undefined;
  }

  protected read(): Promise<IteratorResult<EntriesPiece, undefined>> {
    const stored = this.#stored;
    const next = this.#entries.next();
    if (stored === undefined) return next;
    return next.catch((error: unknown) => {
      throwUnlessEnd(error, stored.source, { delimited: this.delimited, settled: stored.settled });
      this.unproven = true;
      return { done: true, value: undefined };
    });
  }

  protected add(next: IteratorResult<EntriesPiece, undefined>): void {
    if (next.done !== true) {
      const { bytes, missing } = next.value;
      if (missing !== undefined) {
        this.#missing = missing;
        if (bytes.length === 0) this.#waiting.push({ bytes, times: NO_TIMES });
      }
      this.#decode(next.value);
      return;
    }
    this.end();
    for (const { bytes } of this.#decoder.end(this.#growing)) this.#waiting.push({ bytes, times: NO_TIMES });
  }

  protected leave(): void {
    this.#entries.return?.().catch(() => undefined);
  }

  protected discard(): void {
    this.#waiting = [];
  }

  #decode({ bytes, times }: Lines): void {
    const { carried } = this.#decoder;
    const parts = this.#decoder.push(bytes);
    // A character that was cut before this piece comes with it, and so does the line that it begins.
    const starts = carried === 0 ? times.starts : times.starts.map((each) => each + carried);
    const lines =
      this.#cutLine === undefined
        ? { starts, times: times.times }
        : { starts: [0, ...starts], times: [this.#cutLine, ...times.times] };
    let from = 0;
    let first = 0;
    for (const { bytes: text, stored = text } of parts) {
      const to = from + stored.length;
      const own = timesIn(lines, first, from, to);
      this.#waiting.push({
        bytes: text,
        times: text === stored ? own : { starts: movedStarts(own.starts, stored, text), times: own.times },
      });
      first += own.starts.length;
      from = to;
    }
    this.#cutLine = lines.times[first];
  }

  #pieceOf({ bytes, times }: Lines): TextPiece | undefined {
    const cut = cutLength(bytes, this.#pieceBytes) || bytes.length;
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, PIECE_BYTES);
    let piece = { bytes, times };
    if (cut < bytes.length) {
      this.#waiting.unshift(linesIn({ bytes, times }, cut, bytes.length));
      piece = linesIn({ bytes, times }, 0, cut);
    }
    const skipped = this.#skip?.skip(piece.bytes, piece.times) ?? 0;
    if (skipped > 0) {
      this.#position.pass(piece.bytes.subarray(0, skipped));
      if (skipped === piece.bytes.length) return undefined;
      piece = linesIn(piece, skipped, piece.bytes.length);
    }
    const lost = this.#skip?.takeLost() === true;
    const after = this.#position.add(piece.bytes, piece.times);
    const missing = this.#missing;
    this.#missing = undefined;
    return { bytes: piece.bytes, times: piece.times, after, lost, ...(missing !== undefined && { missing }) };
  }
}

/** Returns a part of a piece, with the times of the lines that begin in it. */
export function linesIn({ bytes, times }: Lines, from: number, to: number): Lines {
  let first = 0;
  while ((times.starts[first] ?? to) < from) first += 1;
  return { bytes: bytes.subarray(from, to), times: timesIn(times, first, from, to) };
}

/** Returns the times of the lines that begin between two offsets. `first`: the index of the first of them. */
function timesIn({ starts, times }: LineTimes, first: number, from: number, to: number): LineTimes {
  let end = first;
  while ((starts[end] ?? to) < to) end += 1;
  if (first === end) return NO_TIMES;
  if (from === 0 && first === 0 && end === starts.length) return { starts, times };
  return { starts: starts.slice(first, end).map((each) => each - from), times: times.slice(first, end) };
}

/** Returns where lines begin after some bytes were replaced: behind the same line feeds. */
function movedStarts(starts: readonly number[], stored: Uint8Array, text: Uint8Array): readonly number[] {
  const moved: number[] = [];
  let feedAt = 0;
  let textAt = 0;
  for (const start of starts) {
    while (feedAt < start) {
      const feed = stored.indexOf(LINE_FEED, feedAt);
      if (feed === -1 || feed >= start) break;
      feedAt = feed + 1;
      textAt = text.indexOf(LINE_FEED, textAt) + 1;
    }
    moved.push(textAt);
  }
  return moved;
}

/** Keeps the {@link TimedPlace} behind the text that has passed. */
class EntriesPosition {
  #time: string;
  #earliest: string;
  #lines: number;
  #part: number;
  #offset: number | undefined;
  readonly #tail = new TailBuffer();

  constructor(from: TimedPlace | undefined, offset: number | undefined) {
    this.#time = from?.time ?? "";
    this.#earliest = from?.earliest ?? this.#time;
    this.#lines = from?.lines ?? 0;
    this.#part = from?.part ?? 0;
    this.#offset = offset;
  }

  /** Skipped text is already counted in the place, but belongs to its fingerprint. */
  pass(bytes: Uint8Array): void {
    this.#tail.push(bytes);
  }

  /** Moves behind a piece. */
  add(bytes: Uint8Array, { starts, times }: LineTimes): TimedPlace {
    this.#tail.push(bytes);
    if (this.#offset !== undefined) this.#offset += bytes.length;
    let begin = 0;
    for (let index = 0; index < starts.length; index += 1) {
      const start = starts[index] ?? 0;
      if (start > 0 || index > 0) this.#endLine();
      this.#beginLine(times[index] ?? "");
      begin = start;
    }
    if (bytes[bytes.length - 1] === LINE_FEED) this.#endLine();
    else this.#part += bytes.length - begin;
    const place: TimedPlace = { kind: "times", time: this.#time, lines: this.#lines, part: this.#part };
    if (this.#earliest < this.#time) place.earliest = this.#earliest;
    place.text = { fingerprint: this.#tail.fingerprint() };
    if (this.#offset !== undefined) place.text.offset = this.#offset;
    return place;
  }

  #beginLine(time: string): void {
    if (time > this.#time) {
      this.#time = time;
      this.#earliest = time;
      this.#lines = 0;
    } else if (time < this.#earliest) this.#earliest = time;
    this.#part = 0;
  }

  #endLine(): void {
    this.#lines += 1;
    this.#part = 0;
  }
}

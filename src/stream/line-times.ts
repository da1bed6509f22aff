import { ESCAPE, stripEscapes } from "./escape-sequences.ts";
import { PREFIX_LENGTH, type TimeReader } from "./line-time.ts";

/**
 * The lines that begin in a piece of a log: where they begin, and when they were written. Both arrays are equally long.
 */
export interface LineTimes {
  /** Offsets in the piece's bytes, ascending. */
  readonly starts: readonly number[];
  /** RFC 3339 in UTC, with nine digits after the second: `2026-01-01T00:00:00.000000000Z`. */
  readonly times: readonly string[];
}

const NUL = 0x00;
const TAB = 0x09;
const SPACE = 0x20;
const BRACE = 0x7b;
/** How much of a line that begins with an escape sequence is searched. */
const ESCAPED_LENGTH = 512;
const NO_TIMES: LineTimes = { starts: [], times: [] };

/** A range of times. Either end may be open. */
export class TimeRange {
  readonly #since: string | undefined;
  readonly #until: string | undefined;

  constructor(since: string | undefined, until: string | undefined) {
    this.#since = since;
    this.#until = until;
  }

  get isOpen(): boolean {
    return this.#since === undefined && this.#until === undefined;
  }

  /** Whether a line of this time is too late: then so are all lines after it. */
  isOver(time: string | undefined): boolean {
    return this.#until !== undefined && time !== undefined && time >= this.#until;
  }

  /** Whether a line of this time is too early. So is a line before the first time. */
  isEarly(time: string | undefined): boolean {
    return this.#since !== undefined && (time === undefined || time < this.#since);
  }
}

/** The index of the first entry at an offset or after it. */
export function entryAt({ starts }: LineTimes, at: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The time of the line that begins at an offset, for a text that begins with that line. */
export function timesOfLine(times: LineTimes, at: number): LineTimes {
  const index = entryAt(times, at);
  const time = times.times[index];
  return times.starts[index] === at && time !== undefined ? { starts: [0], times: [time] } : NO_TIMES;
}

/** Finds the times in whole lines: see {@link findLineTime}. */
export function findTimes(bytes: Buffer, from: number, to: number, reader: TimeReader): LineTimes {
  const starts: number[] = [];
  const times: string[] = [];
  // In Latin-1, each byte is a character, so that offsets stay the same.
  const text = bytes.toString("latin1", from, to);
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf("\n", at);
    const time = findInLine(text, at, feed, reader);
    if (time !== undefined) {
      starts.push(from + at);
      times.push(time);
    }
    at = feed + 1;
  }
  return { starts, times };
}

/**
 * Finds the time at the beginning of a line: see `findTime`.
 *
 * @param from where the line begins in `bytes`.
 * @param to where it ends, without its line feed.
 */
export function findLineTime(bytes: Buffer, from: number, to: number, reader: TimeReader): string | undefined {
  return findInLine(bytes.toString("latin1", from, to), 0, to - from, reader);
}

function findInLine(text: string, from: number, to: number, reader: TimeReader): string | undefined {
  let start = from;
  let first = text.charCodeAt(start);
  // A file that was not written to the end may have NULs there.
  while (start < to && (first === SPACE || first === TAB || first === NUL)) {
    start += 1;
    first = text.charCodeAt(start);
  }
  if (start === to) return undefined;
  if (first === ESCAPE) return findEscaped(text.slice(start, Math.min(to, start + ESCAPED_LENGTH)), reader);
  if (first < SPACE || (first !== BRACE && !hasDigit(text, start, Math.min(to, start + PREFIX_LENGTH))))
    return undefined;
  return reader.find(text.slice(start, to))?.time;
}

/** Finds the time in the beginning of a line that begins with an escape sequence. */
function findEscaped(head: string, reader: TimeReader): string | undefined {
  const bytes = Buffer.from(head, "latin1");
  const length = stripEscapes(bytes, bytes);
  return bytes[0] === ESCAPE ? undefined : findLineTime(bytes, 0, length, reader);
}

/** Every layout has digits, and most lines without a time have none so early: this check is all that they cost. */
function hasDigit(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) return true;
  }
  return false;
}

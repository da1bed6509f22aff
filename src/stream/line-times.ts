import { LINE_FEED } from "./characters.ts";
import { ESCAPE, stripEscapes } from "./escape-sequences.ts";
import { findTime, JSON_LENGTH, PREFIX_LENGTH, TEXT_LENGTH } from "./line-time.ts";

/**
 * The lines that begin in a piece of a log: where they begin, and when they were written. Both arrays are equally long.
 */
export interface LineTimes {
  /** Offsets in the piece's bytes, ascending. */
  readonly starts: readonly number[];
  /** RFC 3339 in UTC, with nine digits after the second: `2026-01-01T00:00:00.000000000Z`. */
  readonly times: readonly string[];
}

const BRACE = 0x7b;
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
export function findTimes(bytes: Buffer, from: number, to: number, year: number): LineTimes {
  const starts: number[] = [];
  const times: string[] = [];
  for (let at = from; at < to; ) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const time = findLineTime(bytes, at, feed, year);
    if (time !== undefined) {
      starts.push(at);
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
export function findLineTime(bytes: Buffer, from: number, to: number, year: number): string | undefined {
  let start = from;
  while (start < to && (bytes[start] === 0x20 || bytes[start] === 0x09)) start += 1;
  const first = start < to ? (bytes[start] ?? 0) : 0;
  if (first === ESCAPE) return findEscaped(bytes.subarray(start, Math.min(to, start + JSON_LENGTH)), year);
  if (first < 0x20) return undefined;
  if (first !== BRACE && !hasDigit(bytes, start, Math.min(to, start + PREFIX_LENGTH))) return undefined;
  const length = first === BRACE ? JSON_LENGTH : TEXT_LENGTH;
  return findTime(bytes.toString("latin1", start, Math.min(to, start + length)), year)?.time;
}

/** Copies lines that begin with an escape sequence without it. */
function findEscaped(head: Buffer, year: number): string | undefined {
  const text = Buffer.allocUnsafe(head.length);
  const length = stripEscapes(head, text);
  return text[0] === ESCAPE ? undefined : findLineTime(text, 0, length, year);
}

/** Every layout has digits, and most lines without a time have none so early: this check is all that they cost. */
function hasDigit(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) return true;
  }
  return false;
}

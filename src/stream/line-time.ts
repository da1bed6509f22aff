import { stripEscapes } from "./escape-sequences.ts";
import { readEpoch, readTime } from "./time-layouts.ts";

/** How much of a line of JSON is looked at, and of another one. */
const JSON_BYTES = 512;
const TEXT_BYTES = 128;
/** How far from its beginning a line's time may begin, and how many words may stand before it. */
const PREFIX_BYTES = 64;
const PREFIX_WORDS = 3;

const ESCAPE = 0x1b;
const BRACE = 0x7b;

const JSON_FIELD = /"(?:time|ts|timestamp|@timestamp)" {0,4}: {0,4}"?/g;
/** What may stand between words: brackets, quotes, bars, dashes, syslog's priority. */
const BETWEEN = /(?:[\s[\](){}"'|*:=-]|<\d{1,3}>)*/y;
/** A level, or a word that a mark sets off from what follows: a logger's or a field's name, an address. */
const WORD =
  /(?:(?:trace|debug|dbug|info|notice|warn|warning|error|fatal|critical|panic)(?![\w.-])|[\w.:-]{1,40}(?= - )|[\w.@/-]{1,40}(?=[\]:=|)]| \|| {2}| \[))/iy;

/**
 * The time that stands at the beginning of a line, written as in `LineTime`; undefined where there is none.
 *
 * It may be RFC 3339 (with a space for its T, a comma for its point, slashes for its dashes, or without a zone), klog's, syslog's, that of nginx and Apache, or seconds (or
 * milliseconds, microseconds, nanoseconds) since 1970; also in a field `time`, `ts`, `timestamp` or `@timestamp` of JSON or logfmt. Brackets, a level, a logger's name or an address may stand
 * before it. A time without a zone is taken for UTC.
 *
 * @param from where the line begins in `bytes`.
 * @param to where it ends, without its line feed.
 * @param year the year of times that tell none.
 */
export function findLineTime(bytes: Buffer, from: number, to: number, year: number): string | undefined {
  let start = from;
  while (start < to && (bytes[start] === 0x20 || bytes[start] === 0x09)) start += 1;
  if (bytes[start] === ESCAPE || (bytes[start] ?? 0) < 0x20) return findInEscaped(bytes, start, to, year);
  if (bytes[start] === BRACE)
    return findInJson(bytes.toString("latin1", start, Math.min(to, start + JSON_BYTES)), year);
  return hasDigit(bytes, start, Math.min(to, start + PREFIX_BYTES))
    ? findInText(bytes.toString("latin1", start, Math.min(to, start + TEXT_BYTES)), year)
    : undefined;
}

/** Lines that begin with a colour are copied without it. */
function findInEscaped(bytes: Buffer, start: number, to: number, year: number): string | undefined {
  if (bytes[start] !== ESCAPE || start >= to) return undefined;
  const text = stripEscapes(bytes.subarray(start, Math.min(to, start + JSON_BYTES)));
  return text[0] === ESCAPE ? undefined : findLineTime(text, 0, text.length, year);
}

/** Every layout has digits, and most lines without a time have none so early: they cost no more than this. */
function hasDigit(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) return true;
  }
  return false;
}

function findInJson(text: string, year: number): string | undefined {
  for (const field of text.matchAll(JSON_FIELD)) {
    const at = field.index + field[0].length;
    const time = readTime(text, at, year) ?? readEpoch(text, at);
    if (time !== undefined) return time;
  }
  return undefined;
}

function findInText(text: string, year: number): string | undefined {
  let at = 0;
  let field = true;
  for (let words = 0; words <= PREFIX_WORDS && at <= PREFIX_BYTES; words += 1) {
    BETWEEN.lastIndex = at;
    BETWEEN.exec(text);
    at = BETWEEN.lastIndex;
    // A bare number is a time only where a line begins with it, or where a field says so.
    const time = readTime(text, at, year) ?? (field ? readEpoch(text, at) : undefined);
    if (time !== undefined) return time;
    WORD.lastIndex = at;
    const word = WORD.exec(text);
    if (word === null) return undefined;
    at = WORD.lastIndex;
    field = text[at] === "=" && /^(?:time|ts|timestamp|@timestamp)$/.test(word[0]);
  }
  return undefined;
}

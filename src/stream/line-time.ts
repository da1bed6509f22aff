// Browsers run this too: no node: imports and no Buffer. It stands in stream/, which imports no other room, since the
// server's filter and the page both find times in lines and may both import stream/.
import { readEpoch, readTime, searchClock, searchIso, type TextTime } from "./time-layouts.ts";

/** How much of a line of JSON is looked at, and of another one. */
export const JSON_LENGTH = 512;
export const TEXT_LENGTH = 128;
/** How far from its beginning a line's time may begin, and how many words may stand before it. */
export const PREFIX_LENGTH = 64;
const PREFIX_WORDS = 3;
/** How far into a line a time is looked for that stands behind anything. */
const INSIDE_LENGTH = 96;

const JSON_FIELD = /"(?:time|ts|timestamp|@timestamp|t)" {0,4}: {0,4}"?/g;
/** What may stand between words: brackets, quotes, bars, dashes, syslog's priority. */
const BETWEEN = /(?:[\s[\](){}"'|*:=-]|<\d{1,3}>)*/y;
/** A level, or a word that a mark sets off from what follows: a logger's or a field's name, an address. */
const WORD =
  /(?:(?:trace|debug|dbug|info|notice|warn|warning|error|fatal|critical|panic)(?![\w.-])|[\w.:-]{1,40}(?= - )|[\w.@/-]{1,40}(?=[\]:=|)]| \|| {2}| \[))/iy;

/**
 * The time that stands at the beginning of a line.
 *
 * It may be RFC 3339 (with a space for its T, a comma for its point, slashes for its dashes, or without a zone),
 * klog's,
 * syslog's, that of nginx and Apache, or seconds (or milliseconds, microseconds, nanoseconds) since 1970; also in a
 * field
 * `time`, `ts`, `timestamp`, `@timestamp` or `t` of JSON, or in one of logfmt. Brackets, a level, a logger's name or an
 * address may stand before it. A time without a zone is taken for UTC, which containers are set to.
 *
 * @param line its beginning, without escape sequences: of a line of JSON as much as is to be looked at. As Latin-1 it
 *   may be cut anywhere.
 * @param year of times that have none.
 */
export function findTime(line: string, year: number): TextTime | undefined {
  let start = 0;
  while (line[start] === " " || line[start] === "\t") start += 1;
  if (line[start] === "{") return findInJson(line, year);
  // Most lines that have a time begin with its digits.
  const first = /^\d/.test(line.charAt(start)) ? readTime(line, start, year) : undefined;
  return first ?? findInText(line, start, year);
}

/**
 * A time that stands near the beginning of a line, behind anything. Good enough to show, or to go to; not to leave
 * lines
 * out by, since it may be what the line is about. It may also be the time of a day alone.
 */
export function findTimeInside(line: string): TextTime | undefined {
  const head = line.slice(0, INSIDE_LENGTH);
  return searchIso(head) ?? findInJson(line, 1970) ?? searchClock(head);
}

function findInJson(text: string, year: number): TextTime | undefined {
  for (const field of text.matchAll(JSON_FIELD)) {
    const start = field.index + field[0].length;
    const found = readTime(text, start, year) ?? readEpoch(text, start);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInText(line: string, begin: number, year: number): TextTime | undefined {
  const text = line.slice(0, begin + TEXT_LENGTH);
  let start = begin;
  let isField = true;
  for (let words = 0; words <= PREFIX_WORDS && start <= begin + PREFIX_LENGTH; words += 1) {
    BETWEEN.lastIndex = start;
    BETWEEN.exec(text);
    start = BETWEEN.lastIndex;
    // A bare number is a time only where a line begins with it, or where a field says so.
    const found = readTime(text, start, year) ?? (isField ? readEpoch(text, start) : undefined);
    if (found !== undefined) return found;
    WORD.lastIndex = start;
    const word = WORD.exec(text);
    if (word === null) return undefined;
    start = WORD.lastIndex;
    isField = text[start] === "=" && /^(?:time|ts|timestamp|@timestamp)$/.test(word[0]);
  }
  return undefined;
}

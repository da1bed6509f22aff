// Also runs in browsers: no node: imports and no Buffer. It is in stream/, which imports no other folder, because the
// server's filter and the page both find times in lines.
import { readEpoch, readTime, searchClock, searchIso, type TextTime } from "./time-layouts.ts";

/** How much of a line is searched: of a line of JSON, and of any other. */
export const JSON_LENGTH = 512;
export const TEXT_LENGTH = 128;
/** How far from its beginning a line's time may begin, and how many words may precede it. */
export const PREFIX_LENGTH = 64;
const PREFIX_WORDS = 3;
/** How far into a line a time is searched for that follows other text. */
const INSIDE_LENGTH = 96;

const JSON_FIELD = /"(?:time|ts|timestamp|@timestamp|t)" {0,4}: {0,4}"?/g;
/** What may separate words: brackets, quotes, bars, dashes, syslog's priority. */
const BETWEEN = /(?:[\s[\](){}"'|*:=-]|<\d{1,3}>)*/y;
/** A level, or a word that is separated from what follows: the name of a logger or field, an address. */
const WORD =
  /(?:(?:trace|debug|dbug|info|notice|warn|warning|error|fatal|critical|panic)(?![\w.-])|[\w.:-]{1,40}(?= - )|[\w.@/-]{1,40}(?=[\]:=|)]| \|| {2}| \[))/iy;

/**
 * Finds the time at the beginning of a line.
 *
 * Supported: RFC 3339 (also with a space for T, a comma for the point, slashes for dashes, or without a zone); the
 * layouts of klog, syslog, nginx and Apache; seconds, milliseconds, microseconds or nanoseconds since 1970. The time
 * may be in a field `time`, `ts`, `timestamp`, `@timestamp` or `t` of JSON or logfmt, and may follow brackets, a level,
 * a logger's name or an address. A time without a zone is UTC, the time zone of containers.
 *
 * @param line its beginning, without escape sequences. Of a line of JSON, as much as is to be searched. It may be
 * Latin-1, cut anywhere.
 * @param year of times that have none.
 */
export function findTime(line: string, year: number): TextTime | undefined {
  let start = 0;
  while (line[start] === " " || line[start] === "\t") start += 1;
  if (line[start] === "{") return findInJson(line, year);
  // Most lines with a time begin with its digits.
  const first = /^\d/.test(line.charAt(start)) ? readTime(line, start, year) : undefined;
  return first ?? findInText(line, start, year);
}

/**
 * Finds a time near the beginning of a line, after any text: good enough to show or to jump to, but not to filter by,
 * because the line may only mention it. It may be a time of day.
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
    // A bare number is a time only at the beginning of a line, or in a field.
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

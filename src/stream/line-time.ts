// Also runs in browsers: no node: imports and no Buffer. It is in stream/, which imports no other folder, because the
// server's filter and the page both find times in lines.
import type { TextTime } from "./text-time.ts";
import { type Layout, layoutAt, readEpoch, readIso } from "./time-layouts.ts";
import { readTimeOfDay } from "./time-of-day.ts";

/** How much of a line is searched: of a line of JSON, of journald's, and of any other. */
const JSON_LENGTH = 512;
const JOURNAL_LENGTH = 8192;
const TEXT_LENGTH = 128;
/** How far from its beginning a line's time may begin, and how many words may precede it. */
export const PREFIX_LENGTH = 64;
const PREFIX_WORDS = 3;
/** How far into a line a time is searched for that follows other text. */
const INSIDE_LENGTH = 96;

const TAB = 0x09;
const SPACE = 0x20;
const BRACE = 0x7b;
/** Fields of JSON that hold a time; MongoDB's is an object, journald's a string of microseconds. */
const JSON_FIELD = new RegExp(
  [
    '"(?:[Tt]ime|ts|[Tt]imestamp|@timestamp|t|@t|asctime|datetime|timeMillis|epochSecond|__REALTIME_TIMESTAMP)"',
    ' {0,4}: {0,4}(?:\\{ {0,2}"\\$date" {0,2}: {0,2})?"?',
  ].join(""),
  "g",
);
const LOGFMT_FIELD = /^(?:time|ts|t|timestamp|@timestamp)$/;
/** What may separate words: brackets, quotes, bars, dashes, syslog's priority. */
const BETWEEN = /(?:<\d{1,3}>|[\s[\](){}<>"'|*:=-])*/y;
/**
 * A level, or a word that is separated from what follows: the name of a logger or field, an address; Redis' process
 * and role, syslog's version, the name of a log file.
 */
const WORD = new RegExp(
  [
    "\\d+:[A-Z](?= \\d)|1(?= \\d{4}-)|[\\w/-]{1,40}\\.log[\\w.:-]{0,40}(?= )",
    "(?:trace|debug|dbug|info|notice|warn|warning|error|fatal|critical|panic)(?![\\w.-])",
    "[\\w.:-]{1,40}(?= - )|[\\w.@/-]{1,40}(?=[\\]:=|)]| \\|| {2}| \\[)",
  ].join("|"),
  "iy",
);
/** The time in an access log, behind any text: its brackets and layout are like no others. */
const ACCESS_LOG = /\[(?=\d\d\/[A-Z][a-z]{2}\/\d{4}:)/;
/** A number, three words, and seconds since 1970, as high-performance clusters log. */
const FIFTH_COLUMN = /^\d{1,9} \S{1,24} \S{1,24} \S{1,40} (?=[12]\d{9} )/;
/** Of times that have one. */
const NO_YEAR = "1970";
const SOME_ISO = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
const SOME_CLOCK = /(?<![\d:.])\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\d:])/;

/** A time, how it was read, and the text before it. */
interface Place {
  readonly found: TextTime;
  readonly layout: Layout;
  readonly prefix: string;
}

/**
 * Finds the times of the lines of one log. Nearly all lines of a log have their time in the same layout at the same
 * place, so that of the last line is tried first. What is found in a line does not depend on the lines before it.
 */
export class TimeReader {
  readonly #latest: string;
  #last: Place | undefined;

  /** @param latest see {@link findTime}. */
  constructor(latest: string) {
    this.#latest = latest;
  }

  /** Finds the time at the beginning of a line: see {@link findTime}. */
  find(line: string): TextTime | undefined {
    const last = this.#last;
    if (last !== undefined && line.startsWith(last.prefix)) {
      const found = last.layout(headOf(line, indentOf(line)), last.prefix.length, this.#latest);
      if (found !== undefined) return found;
    }
    const place = placeOf(line, this.#latest);
    if (place !== undefined) this.#last = place;
    return place?.found;
  }
}

/**
 * Finds the time at the beginning of a line. docs/api.md lists the layouts.
 *
 * The time may be in a field of JSON or logfmt, and may follow brackets, a level, a logger's name or an address. A time
 * without a zone is UTC, the time zone of containers. One with a zone's name that means several zones is none.
 *
 * @param line without escape sequences. It may be Latin-1, cut anywhere; only its beginning is searched.
 * @param latest when times without a year were at the latest: RFC 3339 in UTC. Theirs is the last year that fits.
 */
export function findTime(line: string, latest: string): TextTime | undefined {
  return placeOf(line, latest)?.found;
}

const DAY_MS = 86_400_000;

/**
 * When a line of an attempt was written at the latest, for times without a year: clocks differ, and an attempt that
 * still runs goes on. It gives its lines the same years while it runs and afterwards.
 *
 * @param startedAt RFC 3339, as `endedAt`. Without either, `now` counts, in milliseconds since 1970.
 */
export function latestTime(startedAt: string | undefined, endedAt: string | undefined, now: number): string {
  const ended = Date.parse(endedAt ?? "");
  const started = Date.parse(startedAt ?? "");
  const latest = Number.isNaN(ended) ? (Number.isNaN(started) ? now + DAY_MS : started + 30 * DAY_MS) : ended + DAY_MS;
  return new Date(latest).toISOString();
}

/**
 * Finds a time near the beginning of a line, after any text: good enough to show or to jump to, but not to filter by,
 * because the line may only mention it. It may be a time of day.
 */
export function findTimeInside(line: string): TextTime | undefined {
  const head = line.slice(0, INSIDE_LENGTH);
  const iso = head.search(SOME_ISO);
  const found = (iso === -1 ? undefined : readIso(head, iso, NO_YEAR)) ?? findInJson(head, 0, NO_YEAR)?.found;
  return found ?? findTimeOfDay(head);
}

function placeOf(line: string, latest: string): Place | undefined {
  const begin = indentOf(line);
  const head = headOf(line, begin);
  if (line.charCodeAt(begin) !== BRACE) return findInText(head, begin, latest);
  return findInJson(head, begin, latest) ?? findBehindJson(line, begin, latest);
}

/** How many blanks a line begins with. */
function indentOf(line: string): number {
  let indent = 0;
  for (let code = line.charCodeAt(0); code === SPACE || code === TAB; code = line.charCodeAt(indent)) indent += 1;
  return indent;
}

/** As much of a line as is searched for a time. */
function headOf(line: string, indent: number): string {
  return line.slice(0, indent + (line.charCodeAt(indent) === BRACE ? JSON_LENGTH : TEXT_LENGTH));
}

function findInJson(text: string, from: number, latest: string): Place | undefined {
  JSON_FIELD.lastIndex = from;
  for (let field = JSON_FIELD.exec(text); field !== null; field = JSON_FIELD.exec(text)) {
    const start = JSON_FIELD.lastIndex;
    const place = placeAt(text, start, latest) ?? epochAt(text, start, latest);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Docker writes the time behind the text of a line, and journald somewhere among its fields. */
function findBehindJson(line: string, begin: number, latest: string): Place | undefined {
  if (line.length - begin <= JSON_LENGTH) return undefined;
  if (line.startsWith('{"log":"', begin)) return findInJson(line, line.length - TEXT_LENGTH, latest);
  const isJournal = line.startsWith('{"_', begin) || line.startsWith('{ "_', begin);
  return isJournal ? findInJson(line.slice(0, begin + JOURNAL_LENGTH), begin + JSON_LENGTH / 2, latest) : undefined;
}

function findInText(text: string, begin: number, latest: string): Place | undefined {
  let start = begin;
  let isField = true;
  for (let words = 0; words <= PREFIX_WORDS && start <= begin + PREFIX_LENGTH; words += 1) {
    // Most lines with a time begin with it.
    if (words > 0 || !isAlphanumeric(text.charCodeAt(start))) {
      BETWEEN.lastIndex = start;
      const between = BETWEEN.exec(text)?.[0] ?? "";
      if (/\{\s*"$/.test(between)) return findInJson(text, start, latest);
      start = BETWEEN.lastIndex;
    }
    // A bare number is a time only at the beginning of a line, or in a field.
    const place = placeAt(text, start, latest) ?? (isField ? epochAt(text, start, latest) : undefined);
    if (place !== undefined) return place;
    WORD.lastIndex = start;
    const word = WORD.exec(text);
    if (word === null) break;
    start = WORD.lastIndex;
    isField = text[start] === "=" && LOGFMT_FIELD.test(word[0]);
  }
  const access = text.search(ACCESS_LOG);
  if (access !== -1) return placeAt(text, access + 1, latest);
  const column = FIFTH_COLUMN.exec(text)?.[0].length;
  return column === undefined ? undefined : epochAt(text, column, latest);
}

function placeAt(text: string, at: number, latest: string): Place | undefined {
  const layout = layoutAt(text, at);
  const found = layout?.(text, at, latest);
  return layout && found && { found, layout, prefix: text.slice(0, at) };
}

function epochAt(text: string, at: number, latest: string): Place | undefined {
  const found = readEpoch(text, at, latest);
  return found && { found, layout: readEpoch, prefix: text.slice(0, at) };
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** The first time of day in a text, `14:03:55.102`. Its date is 1970-01-01. */
function findTimeOfDay(text: string): TextTime | undefined {
  const match = SOME_CLOCK.exec(text);
  const clock = match === null ? undefined : readTimeOfDay(text, match.index);
  if (match === null || clock === undefined) return undefined;
  const { hour, minute, second, fraction } = clock;
  const [hh, mm, ss] = [hour, minute, second].map((number) => String(number).padStart(2, "0"));
  const time = `1970-01-01T${hh}:${mm}:${ss}.${fraction.padEnd(9, "0")}Z`;
  return { time, start: match.index, end: match.index + match[0].length, says: "clock" };
}

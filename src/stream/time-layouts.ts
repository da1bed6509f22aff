// Also runs in browsers: no node: imports and no Buffer.
import { isDate, type TextTime, write, writeInYear } from "./text-time.ts";
import { behindTwo, readCompactTimeOfDay, readHalf, readTimeOfDay, type TimeOfDay, upToTwo } from "./time-of-day.ts";
import { digits, isCapital, isDigit, readZone } from "./time-zones.ts";

/**
 * Parses a time at an offset.
 *
 * @param latest when times without a year were at the latest: RFC 3339 in UTC. Theirs is the last year that fits.
 */
export type Layout = (text: string, at: number, latest: string) => TextTime | undefined;

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const PLAIN_ISO = "0000-00-00T00:00:00";
const EPOCH = /([12]\d{9})(\d{3})?(\d{3})?(\d{3})?(?:\.(\d{1,9})\d*)?(?![\d.:/-])/y;
const DAY_AND_MONTH = /(\d{1,2})([-/ ])([A-Z][a-z]{2})\2(\d{4})(?:[: ])/y;
/** A day's name, then a month with the day and perhaps the year, or another layout. */
const NAMED = new RegExp(
  [
    "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?",
    "(?:([A-Z][a-z]{2})[a-z]{0,6} {1,2}(\\d{1,2}),? (?:(\\d{4}),? )?(?=\\d{1,2}:)|(?=\\d))",
  ].join(""),
  "y",
);
const YEAR_BEHIND = / ((?:19|20)\d\d)(?![\d:.-])/y;

const ZERO = 0x30;
const SPACE = 0x20;
const DASH = 0x2d;
const POINT = 0x2e;
const COMMA = 0x2c;
const SLASH = 0x2f;
const UNDERSCORE = 0x5f;
const LOWER_T = 0x74;

/**
 * The layout that a time at an offset may have. Its first characters tell the layouts apart, so that there is one at
 * most.
 */
export function layoutAt(text: string, at: number): Layout | undefined {
  const first = text.charCodeAt(at);
  if (isCapital(first)) return isDigit(text.charCodeAt(at + 1)) ? readKlog : readNamed;
  if (!isDigit(first)) return undefined;
  let count = 1;
  while (isDigit(text.charCodeAt(at + count)) && count <= 19) count += 1;
  const separator = text.charCodeAt(at + count);
  switch (count) {
    case 1:
    case 2:
      if (isCapital(text.charCodeAt(at + count + 1))) return readDayAndMonth;
      if (separator === SLASH) return isShortDate(text, at) ? readShortDate : readAmerican;
      if (separator === DASH) return readMonthAndDay;
      return separator === POINT ? readDotted : undefined;
    case 4:
      return readIso;
    case 6:
    case 8:
    case 14:
      return readCompact;
  }
  return undefined;
}

/**
 * Parses seconds, milliseconds, microseconds or nanoseconds since 1970, distinguished by their length, from 2001 to
 * 2065.
 */
export const readEpoch: Layout = (text, at) => {
  EPOCH.lastIndex = at;
  const found = EPOCH.exec(text);
  if (found === null) return undefined;
  const [, seconds = "", milli = "", micro = "", nano = "", rest = ""] = found;
  const time = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = `${milli}${micro}${nano}${rest}`.slice(0, 9).padEnd(9, "0");
  return { time: `${time}.${fraction}Z`, start: at, end: EPOCH.lastIndex, says: "moment" };
};

/** `2026-01-02T03:04:05.678Z`, also with slashes or points, a space for T, a comma for the point, or a zone. */
export const readIso: Layout = (text, at) => {
  const plain = readPlainIso(text, at);
  if (plain !== undefined) return plain;
  const separator = text.charCodeAt(at + 4);
  if (separator !== DASH && separator !== SLASH && separator !== POINT) return undefined;
  const month = upToTwo(text, at + 5);
  const dayAt = behindTwo(text, at + 5) + 1;
  if (text.charCodeAt(dayAt - 1) !== separator) return undefined;
  const day = upToTwo(text, dayAt);
  const gapAt = behindTwo(text, dayAt);
  const gap = text.charCodeAt(gapAt);
  if (gap !== SPACE && gap !== DASH && gap !== UNDERSCORE && (gap | 0x20) !== LOWER_T) return undefined;
  return write(digits(text, at, 4), month, day, readTimeOfDay(text, gapAt + 1), at);
};

/** The most frequent layout, copied: `2026-01-02T03:04:05.678Z`. */
function readPlainIso(text: string, at: number): TextTime | undefined {
  for (let index = 0; index < PLAIN_ISO.length; index += 1) {
    const code = text.charCodeAt(at + index);
    const wanted = PLAIN_ISO.charCodeAt(index);
    if (wanted === ZERO ? !isDigit(code) : code !== wanted && !(index === 10 && code === SPACE)) return undefined;
  }
  const month = two(text, at + 5);
  const day = two(text, at + 8);
  const hour = two(text, at + 11);
  const minute = two(text, at + 14);
  const second = two(text, at + 17);
  if (!isDate(month, day) || hour > 23 || minute > 59 || second > 60) return undefined;
  let end = at + PLAIN_ISO.length;
  let fraction = "";
  const point = text.charCodeAt(end);
  if ((point === POINT || point === COMMA) && isDigit(text.charCodeAt(end + 1))) {
    const from = end + 1;
    for (end = from; isDigit(text.charCodeAt(end)); ) end += 1;
    fraction = text.slice(from, Math.min(end, from + 9));
  } else if (isDigit(point)) return undefined;
  const zone = readZone(text, end);
  if (zone === undefined && readHalf(text, end) !== undefined) return undefined;
  if (zone !== undefined && zone.offset !== 0) {
    const clock = { hour, minute, second, fraction, hasHalf: false, ...zone };
    return write(digits(text, at, 4), month, day, clock, at);
  }
  const time = `${text.slice(at, at + 10)}T${text.slice(at + 11, at + 19)}.${fraction.padEnd(9, "0")}Z`;
  return { time, start: at, end: zone?.end ?? end, says: "moment" };
}

/** `26/01/02 03:04:05`: Spark, log4j. */
const readShortDate: Layout = (text, at) =>
  write(
    century(digits(text, at, 2)),
    digits(text, at + 3, 2),
    digits(text, at + 6, 2),
    readTimeOfDay(text, at + 9),
    at,
  );

/** `1/2/2026 3:04:05 PM`. Without AM or PM, the day may come first. */
const readAmerican: Layout = (text, at) => {
  const dayAt = behindTwo(text, at) + 1;
  const yearAt = behindTwo(text, dayAt) + 1;
  const hourAt = text.charCodeAt(yearAt + 4) === COMMA ? yearAt + 6 : yearAt + 5;
  if (text.charCodeAt(yearAt - 1) !== SLASH || text.charCodeAt(hourAt - 1) !== SPACE) return undefined;
  const clock = readTimeOfDay(text, hourAt);
  if (clock?.hasHalf !== true) return undefined;
  return write(digits(text, yearAt, 4), upToTwo(text, at), upToTwo(text, dayAt), clock, at);
};

/** `01-02 03:04:05.678`: Android. */
const readMonthAndDay: Layout = (text, at, latest) =>
  text.charCodeAt(at + 5) === SPACE
    ? writeInYear(digits(text, at, 2), digits(text, at + 3, 2), readTimeOfDay(text, at + 6), at, latest)
    : undefined;

/** `02.01.2026 03:04:05`, or in brackets `01.02 03:04:05`: Proxifier. */
const readDotted: Layout = (text, at, latest) => {
  if (text.charCodeAt(at + 5) === POINT && text.charCodeAt(at + 10) === SPACE) {
    const clock = readTimeOfDay(text, at + 11);
    return write(digits(text, at + 6, 4), digits(text, at + 3, 2), digits(text, at, 2), clock, at);
  }
  if (text.charCodeAt(at + 5) !== SPACE || text[at - 1] !== "[") return undefined;
  return writeInYear(digits(text, at, 2), digits(text, at + 3, 2), readTimeOfDay(text, at + 6), at, latest);
};

/** `260102 030405`, `20260102 03:04:05`, `20260102-3:4:5:678|`, `20260102T030405Z`, `20260102030405`. */
const readCompact: Layout = (text, at) => {
  let length = 6;
  while (length < 8 && isDigit(text.charCodeAt(at + length))) length += 1;
  const separator = text.charCodeAt(at + length);
  if (length === 6 && separator !== SPACE) return undefined;
  const isJoined = isDigit(separator);
  if (!isJoined && separator !== SPACE && separator !== DASH && separator !== POINT && (separator | 0x20) !== LOWER_T)
    return undefined;
  const from = at + length + (isJoined ? 0 : 1);
  const isCompact = digits(text, from, 6) >= 0;
  const clock = isCompact ? readCompactTimeOfDay(text, from) : readTimeOfDay(text, skipSpace(text, from));
  const year = length === 6 ? century(digits(text, at, 2)) : digits(text, at, 4);
  return write(year, digits(text, at + length - 4, 2), digits(text, at + length - 2, 2), clock, at);
};

/** `02/Jan/2026:03:04:05 +0000`, `02-Jan-2026 03:04:05`, `2 Jan 2026 03:04:05`. */
const readDayAndMonth: Layout = (text, at) => {
  DAY_AND_MONTH.lastIndex = at;
  const found = DAY_AND_MONTH.exec(text);
  if (found === null) return undefined;
  const [, day, , name = "", year] = found;
  return write(Number(year), monthOf(name), Number(day), readTimeOfDay(text, DAY_AND_MONTH.lastIndex), at);
};

/**
 * `Jan  2 03:04:05`, `Fri Jan 02 03:04:05 CET 2026`, `Jan 2, 2026 3:04:05 PM`, and a day's name before another layout.
 */
const readNamed: Layout = (text, at, latest) => {
  NAMED.lastIndex = at;
  const found = NAMED.exec(text);
  if (found === null) return undefined;
  const behind = NAMED.lastIndex;
  const [, name, day, year] = found;
  if (name === undefined) {
    const other = behind === at ? undefined : layoutAt(text, behind)?.(text, behind, latest);
    return other && { ...other, start: at };
  }
  const clock = readTimeOfDay(text, behind);
  if (clock === undefined) return undefined;
  const month = monthOf(name);
  if (year !== undefined) return write(Number(year), month, Number(day), clock, at);
  YEAR_BEHIND.lastIndex = clock.end;
  const yearBehind = YEAR_BEHIND.exec(text)?.[1];
  if (yearBehind === undefined) return writeInYear(month, Number(day), clock, at, latest);
  const zone = readZone(text, YEAR_BEHIND.lastIndex);
  return write(Number(yearBehind), month, Number(day), withZone(clock, zone, YEAR_BEHIND.lastIndex), at);
};

/** `I0102 03:04:05.678901`, `I20260102 03:04:05.678901`: klog, glog. */
const readKlog: Layout = (text, at, latest) => {
  if (!"IWEF".includes(text.charAt(at))) return undefined;
  const hasYear = text.charCodeAt(at + 9) === SPACE;
  const monthAt = at + (hasYear ? 5 : 1);
  if (text.charCodeAt(monthAt + 4) !== SPACE) return undefined;
  const clock = readTimeOfDay(text, monthAt + 5);
  const month = digits(text, monthAt, 2);
  const day = digits(text, monthAt + 2, 2);
  return hasYear ? write(digits(text, at + 1, 4), month, day, clock, at) : writeInYear(month, day, clock, at, latest);
};

function withZone(clock: TimeOfDay, zone: ReturnType<typeof readZone>, end: number): TimeOfDay {
  return zone === undefined ? { ...clock, end } : { ...clock, offset: zone.offset, end: zone.end };
}

/** Whether `yy/MM/dd` and a space begin here. */
function isShortDate(text: string, at: number): boolean {
  return text.charCodeAt(at + 5) === SLASH && text.charCodeAt(at + 8) === SPACE;
}

function skipSpace(text: string, at: number): number {
  return text.charCodeAt(at) === SPACE ? at + 1 : at;
}

/** The year of two digits, as POSIX reads them. */
function century(year: number): number {
  return year < 0 ? -1 : year < 69 ? 2000 + year : 1900 + year;
}

/** The number of a month by its name's first three letters; 0 if there is none. */
function monthOf(name: string): number {
  const at = MONTHS.indexOf(name);
  return at % 3 === 0 ? at / 3 + 1 : 0;
}

/** The value of two digits. */
function two(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

// Also runs in browsers: no node: imports and no Buffer.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = MONTHS.join("|");
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?`;
const ZONE = String.raw`(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![A-Za-z\d]))?`;

// Each is tried at one offset only, and backtracks over a few characters at most.
const ISO = new RegExp(String.raw`(\d{4})([-/])(\d\d)\2(\d\d)[T ]${CLOCK}${ZONE}`, "y");
const SOME_ISO = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
const SOME_CLOCK = new RegExp(String.raw`(?<![\d:.])${CLOCK}(?![\d:])`);
const ACCESS_LOG = new RegExp(String.raw`(\d\d)/(${MONTH})/(\d{4}):${CLOCK}${ZONE}`, "y");
const SYSLOG = new RegExp(
  String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(${MONTH}) {1,2}(\d{1,2}) ${CLOCK}(?: (\d{4})(?!\d))?`,
  "y",
);
const KLOG = new RegExp(String.raw`[IWEF](\d\d)(\d\d) ${CLOCK}`, "y");
const EPOCH = /([12]\d{9})(\d{3})?(\d{3})?(\d{3})?(?:\.(\d{1,9})\d*)?(?![\d.:/-])/y;
const PLAIN_ISO = "0000-00-00T00:00:00";
const ZERO = 0x30;
const SPACE = 0x20;
const POINT = 0x2e;
const COMMA = 0x2c;

/** A time in a text. */
export interface TextTime {
  /** RFC 3339 in UTC with nine digits, as in `LineTimes`. */
  readonly time: string;
  /** Its offset in the text. */
  readonly start: number;
  readonly end: number;
  /**
   * What the text contains: a full time, all but the year, or a time of day. The rest is filled in.
   */
  readonly says: "moment" | "no-year" | "clock";
}

interface Parts {
  readonly year: string | number;
  readonly month: string | number;
  readonly day: string | number;
  readonly hour: string | undefined;
  readonly minute: string | undefined;
  readonly second: string | undefined;
  readonly fraction: string | undefined;
  readonly zone?: string | undefined;
}

/**
 * Parses a time in any supported layout at `at`.
 *
 * @param year of times that have none.
 */
export function readTime(text: string, at: number, year: number): TextTime | undefined {
  if (isDigit(text.charCodeAt(at))) return readPlainIso(text, at) ?? readIso(text, at) ?? readAccessLog(text, at);
  return readKlog(text, at, year) ?? readSyslog(text, at, year);
}

/**
 * Parses seconds, milliseconds, microseconds or nanoseconds since 1970, distinguished by their length, from 2001 to
 * 2065.
 */
export function readEpoch(text: string, at: number): TextTime | undefined {
  EPOCH.lastIndex = at;
  const found = EPOCH.exec(text);
  if (found === null) return undefined;
  const [, seconds = "", milli = "", micro = "", nano = "", rest = ""] = found;
  const time = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return {
    time: `${time}.${`${milli}${micro}${nano}${rest}`.slice(0, 9).padEnd(9, "0")}Z`,
    start: at,
    end: EPOCH.lastIndex,
    says: "moment",
  };
}

/** Parses the first ISO 8601 time in a text. */
export function searchIso(text: string): TextTime | undefined {
  const start = text.search(SOME_ISO);
  return start === -1 ? undefined : readIso(text, start);
}

/** Parses the first time of day in a text, `14:03:55.102`. Its date is 1970-01-01. */
export function searchClock(text: string): TextTime | undefined {
  const found = SOME_CLOCK.exec(text);
  if (found === null) return undefined;
  const [whole, hour, minute, second, fraction] = found;
  const parts = { year: 1970, month: 1, day: 1, hour, minute, second, fraction };
  return write(parts, found.index, found.index + whole.length, "clock");
}

/** The most frequent layout, without the cost of a regular expression: `2026-01-02T03:04:05.678Z`. */
function readPlainIso(text: string, at: number): TextTime | undefined {
  for (let index = 0; index < PLAIN_ISO.length; index += 1) {
    const code = text.charCodeAt(at + index);
    const wanted = PLAIN_ISO.charCodeAt(index);
    if (wanted === ZERO ? !isDigit(code) : code !== wanted && !(index === 10 && code === SPACE)) return undefined;
  }
  if (!isPossible(two(text, at + 5), two(text, at + 8), two(text, at + 11), two(text, at + 14))) return undefined;
  let end = at + PLAIN_ISO.length;
  let fraction = "";
  const point = text.charCodeAt(end);
  if ((point === POINT || point === COMMA) && isDigit(text.charCodeAt(end + 1))) {
    const from = end + 1;
    for (end = from; isDigit(text.charCodeAt(end)); ) end += 1;
    fraction = text.slice(from, Math.min(end, from + 9));
  }
  const next = text[end] === " " ? text[end + 1] : text[end];
  if (next === "Z" && text[end] === "Z" && !/[A-Za-z\d]/.test(text[end + 1] ?? "")) end += 1;
  else if (next !== undefined && "ZUG+-".includes(next)) return undefined;
  const time = `${text.slice(at, at + 10)}T${text.slice(at + 11, at + 19)}.${fraction.padEnd(9, "0")}Z`;
  return { time, start: at, end, says: "moment" };
}

function readIso(text: string, at: number): TextTime | undefined {
  ISO.lastIndex = at;
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, year = "", , month = "", day = "", hour, minute, second, fraction, zone] = found;
  const end = ISO.lastIndex;
  if (zone === undefined || zone === "Z") {
    // Without Date, which rejects leap seconds.
    if (!isPossible(Number(month), Number(day), Number(hour), Number(minute))) return undefined;
    const time = `${year}-${month}-${day}T${hour}:${minute}:${second}.${(fraction ?? "").padEnd(9, "0")}Z`;
    return { time, start: at, end, says: "moment" };
  }
  return write({ year, month, day, hour, minute, second, fraction, zone }, at, end, "moment");
}

function readAccessLog(text: string, at: number): TextTime | undefined {
  ACCESS_LOG.lastIndex = at;
  const found = ACCESS_LOG.exec(text);
  if (found === null) return undefined;
  const [, day = "", name = "", year = "", hour, minute, second, fraction, zone] = found;
  const month = MONTHS.indexOf(name) + 1;
  return write({ year, month, day, hour, minute, second, fraction, zone }, at, ACCESS_LOG.lastIndex, "moment");
}

function readSyslog(text: string, at: number, yearOfLog: number): TextTime | undefined {
  SYSLOG.lastIndex = at;
  const found = SYSLOG.exec(text);
  if (found === null) return undefined;
  const [, name = "", day = "", hour, minute, second, fraction, year] = found;
  const month = MONTHS.indexOf(name) + 1;
  const parts = { year: year ?? yearOfLog, month, day, hour, minute, second, fraction };
  return write(parts, at, SYSLOG.lastIndex, year === undefined ? "no-year" : "moment");
}

function readKlog(text: string, at: number, year: number): TextTime | undefined {
  KLOG.lastIndex = at;
  const found = KLOG.exec(text);
  if (found === null) return undefined;
  const [, month = "", day = "", hour, minute, second, fraction] = found;
  return write({ year, month, day, hour, minute, second, fraction }, at, KLOG.lastIndex, "no-year");
}

function isPossible(month: number, day: number, hour: number, minute: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59;
}

function write(
  { year, month, day, hour, minute, second, fraction = "", zone }: Parts,
  start: number,
  end: number,
  says: TextTime["says"],
): TextTime | undefined {
  if (!isPossible(Number(month), Number(day), Number(hour), Number(minute))) return undefined;
  // Set separately: Date treats years below 100 as 19xx.
  const moment = new Date(0);
  moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  moment.setUTCHours(Number(hour), Number(minute) - offsetMinutes(zone), Number(second));
  const text = moment.toISOString();
  return text.length === 24
    ? { time: `${text.slice(0, 19)}.${fraction.padEnd(9, "0")}Z`, start, end, says }
    : undefined;
}

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("-") ? -minutes : minutes;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

/** The value of two digits. */
function two(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

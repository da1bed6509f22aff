const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = MONTHS.join("|");
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?`;
const ZONE = String.raw`(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![A-Za-z\d]))?`;

// Each is tried at one place only, and none can go back further than a few characters.
const ISO = new RegExp(String.raw`(\d{4})([-/])(\d\d)\2(\d\d)[T ]${CLOCK}${ZONE}`, "y");
const ACCESS_LOG = new RegExp(String.raw`(\d\d)/(${MONTH})/(\d{4}):${CLOCK}${ZONE}`, "y");
const SYSLOG = new RegExp(
  String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(${MONTH}) {1,2}(\d{1,2}) ${CLOCK}(?: (\d{4})(?!\d))?`,
  "y",
);
const KLOG = new RegExp(String.raw`[IWEF](\d\d)(\d\d) ${CLOCK}`, "y");
const EPOCH = /([12]\d{9})(\d{3})?(\d{3})?(\d{3})?(?:\.(\d{1,9})\d*)?(?![\d.:/-])/y;

interface Clock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string | undefined;
  readonly zone: string | undefined;
}

/**
 * Reads a time in any of the layouts of logs, where it has to begin at `at`.
 *
 * @param year of times that tell none.
 */
export function readTime(text: string, at: number, year: number): string | undefined {
  const first = text.charCodeAt(at);
  // 0 to 9
  if (first >= 0x30 && first <= 0x39) return readIso(text, at) ?? readAccessLog(text, at);
  return readKlog(text, at, year) ?? readSyslog(text, at, year);
}

/** Reads seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their length, from 2001 to 2065. */
export function readEpoch(text: string, at: number): string | undefined {
  EPOCH.lastIndex = at;
  const found = EPOCH.exec(text);
  if (found === null) return undefined;
  const [, seconds = "", milli = "", micro = "", nano = "", rest = ""] = found;
  const time = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${time}.${`${milli}${micro}${nano}${rest}`.slice(0, 9).padEnd(9, "0")}Z`;
}

function readIso(text: string, at: number): string | undefined {
  ISO.lastIndex = at;
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, year, , month, day, hour, minute, second, fraction, zone] = found;
  if ((zone === undefined || zone === "Z") && isClock(Number(month), Number(day), Number(hour), Number(minute))) {
    return `${year}-${month}-${day}T${hour}:${minute}:${second}.${(fraction ?? "").padEnd(9, "0")}Z`;
  }
  return write({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    zone,
  });
}

function readAccessLog(text: string, at: number): string | undefined {
  ACCESS_LOG.lastIndex = at;
  const found = ACCESS_LOG.exec(text);
  if (found === null) return undefined;
  const [, day, month = "", year, hour, minute, second, fraction, zone] = found;
  return write({
    year: Number(year),
    month: MONTHS.indexOf(month) + 1,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    zone,
  });
}

function readSyslog(text: string, at: number, yearOfLog: number): string | undefined {
  SYSLOG.lastIndex = at;
  const found = SYSLOG.exec(text);
  if (found === null) return undefined;
  const [, month = "", day, hour, minute, second, fraction, year] = found;
  return write({
    year: year === undefined ? yearOfLog : Number(year),
    month: MONTHS.indexOf(month) + 1,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    zone: undefined,
  });
}

function readKlog(text: string, at: number, year: number): string | undefined {
  KLOG.lastIndex = at;
  const found = KLOG.exec(text);
  if (found === null) return undefined;
  const [, month, day, hour, minute, second, fraction] = found;
  return write({
    year,
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    zone: undefined,
  });
}

function isClock(month: number, day: number, hour: number, minute: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59;
}

function write({ year, month, day, hour, minute, second, fraction, zone }: Clock): string | undefined {
  if (!isClock(month, day, hour, minute)) return undefined;
  // The year as it is: Date takes those below 100 for 19xx.
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute - offsetMinutes(zone), second);
  const text = moment.toISOString();
  return text.length === 24 ? `${text.slice(0, 19)}.${(fraction ?? "").padEnd(9, "0")}Z` : undefined;
}

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("-") ? -minutes : minutes;
}

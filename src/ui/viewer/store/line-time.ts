/** A time that stands in a line. */
export interface LineTime {
  /** Milliseconds: since 1970, or since midnight where the line says no day. */
  readonly ms: number;
  /** Whether the line says a day. */
  readonly dated: boolean;
  /** Where it stands in the text, with what surrounds it and the space behind it. */
  readonly start: number;
  readonly end: number;
}

/** As far into a line as a time is looked for. */
const MAX_LOOKED_AT = 96;
const ISO = /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?( ?(?:Z|UTC|[+-]\d\d:?\d\d))?/;
const KLOG = /^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{1,9})/;
const CLOCK = /(?<![\d:.])(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?![\d:])/;
const EPOCH = /^\[?(1[0-9]{9})(?:\.(\d{1,9})|(\d{3}))?(?=[\]\s])/;
const JSON_EPOCH = /"(?:ts|time|timestamp|t)":\s?(1\d{9})(?:\.(\d+)|(\d{3}))?[,}]/;
const DAY_MS = 86_400_000;

/**
 * Finds the first time that stands near the beginning of a line: ISO 8601 and what resembles it, klog's, a clock's,
 * seconds since 1970. A time without a zone is taken for UTC, which containers are set to.
 */
export function timeOf(line: string): LineTime | undefined {
  const text = line.slice(0, MAX_LOOKED_AT);
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return { ms: ms + millis(fraction) - zoneMs(zone), dated: true, ...around(text, iso) };
  }
  const klog = KLOG.exec(text);
  if (klog !== null) {
    // Its month and day without a year say less than they seem to.
    const [, , , hour, minute, second, fraction] = klog;
    return { ms: clockMs(hour, minute, second, fraction), dated: false, start: 0, end: 0 };
  }
  const epoch = EPOCH.exec(text) ?? JSON_EPOCH.exec(line.slice(0, 1000));
  if (epoch !== null) {
    const [, seconds, fraction, thousandths] = epoch;
    const ms = Number(seconds) * 1000 + (thousandths === undefined ? millis(fraction) : Number(thousandths));
    return { ms, dated: true, ...(epoch.index === 0 ? around(text, epoch) : { start: 0, end: 0 }) };
  }
  const clock = CLOCK.exec(text);
  if (clock === null) return undefined;
  const [, hour, minute, second, fraction] = clock;
  if (Number(hour) > 23 || Number(minute) > 59) return undefined;
  return { ms: clockMs(hour, minute, second, fraction), dated: false, ...around(text, clock) };
}

/** A time at the very beginning is taken out of the text with its brackets; one further in stays. */
function around(text: string, match: RegExpExecArray): { start: number; end: number } {
  const before = text.slice(0, match.index);
  if (before !== "" && before !== "[") return { start: 0, end: 0 };
  let end = match.index + match[0].length;
  if (before === "[" && text[end] === "]") end += 1;
  while (text[end] === " ") end += 1;
  return { start: 0, end };
}

function millis(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
}

function clockMs(hour = "0", minute = "0", second = "0", fraction?: string): number {
  return (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000 + millis(fraction);
}

function zoneMs(zone: string | undefined): number {
  const parts = /([+-])(\d\d):?(\d\d)/.exec(zone ?? "");
  if (parts === null) return 0;
  return (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * 60_000;
}

/**
 * How times are shown: as they stand in the log, of the reader's zone, of UTC, since the log's first, since the line
 * before.
 */
export type TimeFormat = "raw" | "local" | "utc" | "rel" | "delta";
export const TIME_FORMATS: readonly TimeFormat[] = ["raw", "local", "utc", "rel", "delta"];

/** @param before the time that is counted from; `undefined`: there is none. */
export function formatTime(time: LineTime, format: TimeFormat, before: LineTime | undefined): string {
  if (format === "raw") return "";
  if (format === "rel" || format === "delta") {
    if (before === undefined || before.dated !== time.dated) return "";
    let ms = time.ms - before.ms;
    // Past midnight.
    if (!time.dated && ms < -DAY_MS / 2) ms += DAY_MS;
    return formatSpan(ms);
  }
  // Without a day, a zone cannot be told.
  const offset = format === "local" && time.dated ? new Date(time.ms).getTimezoneOffset() * 60_000 : 0;
  return new Date((((time.ms - offset) % DAY_MS) + DAY_MS) % DAY_MS).toISOString().slice(11, 23);
}

/** `+0.123`, `+1:02.500`, `+1:00:00.000`. */
export function formatSpan(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  const total = Math.abs(Math.round(ms));
  const rest = `${Math.floor(total / 1000) % 60}.${String(total % 1000).padStart(3, "0")}`;
  const minutes = Math.floor(total / 60_000);
  if (minutes === 0) return sign + rest;
  const seconds = rest.padStart(6, "0");
  if (minutes < 60) return `${sign}${minutes}:${seconds}`;
  return `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

// Also runs in browsers: no node: imports and no Buffer.
import { digits, isDigit, readZone } from "./time-zones.ts";

const POINT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const LOWER_A = 0x61;
const LOWER_P = 0x70;
/** `AM` or `PM` behind a space, also a narrow no-break one: as text, or its bytes read as Latin-1. */
const HALF_DAY = /(?: |\u202f|\xe2\x80\xaf)?([AaPp])\.?[Mm](?:\.|(?![A-Za-z]))/y;

/** A time of day in a text. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** 60 in a leap second. */
  readonly second: number;
  /** Digits behind the second: none to nine. */
  readonly fraction: string;
  /** Minutes east of UTC: 0 without a zone. NaN: the zone's name is ambiguous. */
  readonly offset: number;
  /** Whether AM or PM follows. */
  readonly hasHalf: boolean;
  readonly end: number;
}

/** Parses `14:03:55`, also with a fraction, with AM or PM, with a zone, or with one digit: `2:03:55.123 PM CEST`. */
export function readTimeOfDay(text: string, at: number): TimeOfDay | undefined {
  const hour = upToTwo(text, at);
  const minuteAt = behindTwo(text, at) + 1;
  const minute = upToTwo(text, minuteAt);
  const secondAt = behindTwo(text, minuteAt) + 1;
  if (text.charCodeAt(minuteAt - 1) !== COLON || text.charCodeAt(secondAt - 1) !== COLON) return undefined;
  const second = upToTwo(text, secondAt);
  const end = behindTwo(text, secondAt);
  // A fraction behind a colon, as HealthApp writes it.
  const point = text.charCodeAt(end) === COLON && /^:\d{1,3}\|/.test(text.slice(end, end + 5)) ? COLON : COMMA;
  return finish(text, hour, minute, second, end, point);
}

/** Parses `140355`. */
export function readCompactTimeOfDay(text: string, at: number): TimeOfDay | undefined {
  if (isDigit(text.charCodeAt(at + 6))) return undefined;
  return finish(text, digits(text, at, 2), digits(text, at + 2, 2), digits(text, at + 4, 2), at + 6, COMMA);
}

/** @param separator what may precede the fraction besides a point. */
function finish(
  text: string,
  hour: number,
  minute: number,
  second: number,
  at: number,
  separator: number,
): TimeOfDay | undefined {
  if (!(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60)) return undefined;
  let end = at;
  let fraction = "";
  const point = text.charCodeAt(end);
  if ((point === POINT || point === separator) && isDigit(text.charCodeAt(end + 1))) {
    const from = end + 1;
    for (end = from; isDigit(text.charCodeAt(end)); ) end += 1;
    fraction = text.slice(from, Math.min(end, from + 9));
  } else if (isDigit(point)) return undefined;
  const half = readHalf(text, end);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    end = half.end;
  }
  const zone = readZone(text, end);
  return {
    hour: half === undefined ? hour : (hour % 12) + half.hours,
    minute,
    second,
    fraction,
    offset: zone?.offset ?? 0,
    hasHalf: half !== undefined,
    end: zone?.end ?? end,
  };
}

/** Parses AM or PM behind a time. Most times are followed by neither A nor P. */
export function readHalf(text: string, at: number): { readonly hours: number; readonly end: number } | undefined {
  const code = text.charCodeAt(at) === SPACE ? text.charCodeAt(at + 1) : text.charCodeAt(at);
  const lower = code | 0x20;
  if (lower !== LOWER_A && lower !== LOWER_P && code !== 0x202f && code !== 0xe2) return undefined;
  HALF_DAY.lastIndex = at;
  const half = HALF_DAY.exec(text)?.[1];
  return half === undefined ? undefined : { hours: half.toUpperCase() === "P" ? 12 : 0, end: HALF_DAY.lastIndex };
}

/** The number of one or two digits at an offset; -1 if there is none. */
export function upToTwo(text: string, at: number): number {
  return digits(text, at, isDigit(text.charCodeAt(at + 1)) ? 2 : 1);
}

/** Where the number of one or two digits at an offset ends. */
export function behindTwo(text: string, at: number): number {
  return at + (isDigit(text.charCodeAt(at + 1)) ? 2 : 1);
}

// Also runs in browsers: no node: imports and no Buffer.
import type { TimeOfDay } from "./time-of-day.ts";

const TWO = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

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

/** Makes a time of its parts, in the last year in which it is not after `latest`. */
export function writeInYear(
  month: number,
  day: number,
  clock: TimeOfDay | undefined,
  start: number,
  latest: string,
): TextTime | undefined {
  const year = Number(latest.slice(0, 4));
  const found = write(year, month, day, clock, start);
  const inYear = found !== undefined && found.time > latest ? write(year - 1, month, day, clock, start) : found;
  return inYear && { ...inYear, says: "no-year" };
}

/** Makes a time of its parts; `undefined` if they are none, or if the zone is ambiguous. */
export function write(
  year: number,
  month: number,
  day: number,
  clock: TimeOfDay | undefined,
  start: number,
): TextTime | undefined {
  if (clock === undefined || year < 0 || !isDate(month, day) || Number.isNaN(clock.offset)) return undefined;
  const { hour, minute, second, fraction, offset, end } = clock;
  const minutes = hour * 60 + minute - offset;
  let date = `${String(year).padStart(4, "0")}-${TWO[month]}-${TWO[day]}`;
  if (minutes < 0 || minutes >= 24 * 60) {
    const moment = new Date(0);
    // Date treats years below 100 as 19xx elsewhere.
    moment.setUTCFullYear(year, month - 1, day + Math.floor(minutes / (24 * 60)));
    date = moment.toISOString().slice(0, -14);
    if (date.length !== 10) return undefined;
  }
  const ofDay = (minutes + 2 * 24 * 60) % (24 * 60);
  const time = `${date}T${TWO[Math.floor(ofDay / 60)]}:${TWO[ofDay % 60]}:${TWO[second]}.${fraction.padEnd(9, "0")}Z`;
  return { time, start, end, says: "moment" };
}

export function isDate(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

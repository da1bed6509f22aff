import { findTime, findTimeInside } from "../../../stream/line-time.ts";
import type { TextTime } from "../../../stream/text-time.ts";

/** A time in a line's text. */
export interface LineTime {
  /** Milliseconds since 1970, or since midnight if the line has no date. */
  readonly ms: number;
  /** Whether the line has a date. */
  readonly dated: boolean;
  /** Its range in the text, including what surrounds it and the space after it. */
  readonly start: number;
  readonly end: number;
}

const DAY_MS = 86_400_000;

/**
 * Finds the time of a line: the one at its beginning, else the first one near its beginning, with or without a date. A
 * time without a zone counts as UTC.
 *
 * @param latest when times without a year were at the latest, as for `findTime`. Without it, they have no date.
 */
export function timeOf(line: string, latest?: string): LineTime | undefined {
  const found = findTime(line, latest ?? SOME_YEAR) ?? findTimeInside(line);
  if (found === undefined) return undefined;
  const dated = found.says === "moment" || (found.says === "no-year" && latest !== undefined);
  const ms = Date.parse(`${found.time.slice(0, 19)}Z`) + Number(`0${found.time.slice(19, 29)}`) * 1000;
  const isWhole = dated || found.says === "clock";
  return { ms: dated ? ms : ms % DAY_MS, dated, ...(isWhole ? around(line, found) : NOWHERE) };
}

/** Any: only the time of day of such times is used. */
const SOME_YEAR = "1999-12-31T23:59:59Z";
const NOWHERE = { start: 0, end: 0 };

/** A time at the very beginning is removed from the text with its brackets; one further on stays. */
function around(text: string, { start, end }: TextTime): { start: number; end: number } {
  const before = text.slice(0, start);
  if (before !== "" && before !== "[") return NOWHERE;
  let behind = end;
  if (before === "[" && text[behind] === "]") behind += 1;
  while (text[behind] === " ") behind += 1;
  return { start: 0, end: behind };
}

/**
 * How times are shown: as written in the log, in the reader's zone, in UTC, since the log's first line, since the
 * previous line.
 */
export type TimeFormat = "raw" | "local" | "utc" | "rel" | "delta";
export const TIME_FORMATS: readonly TimeFormat[] = ["raw", "local", "utc", "rel", "delta"];

/** @param before the time to count from; `undefined`: there is none. */
export function formatTime(time: LineTime, format: TimeFormat, before: LineTime | undefined): string {
  if (format === "raw") return "";
  if (format === "rel" || format === "delta") {
    if (before === undefined || before.dated !== time.dated) return "";
    let ms = time.ms - before.ms;
    // Past midnight.
    if (!time.dated && ms < -DAY_MS / 2) ms += DAY_MS;
    return formatSpan(ms);
  }
  // Without a date, the zone's offset is unknown.
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

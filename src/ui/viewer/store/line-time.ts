import { findTime, findTimeInside } from "../../../stream/line-time.ts";
import type { TextTime } from "../../../stream/time-layouts.ts";

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
const LOOKED_AT = 1_000;
const DAY_MS = 86_400_000;

/**
 * Finds the time of a line: the one that it begins with, else the first one near its beginning, also where it says no
 * day.
 * A time without a zone is taken for UTC.
 */
export function timeOf(line: string): LineTime | undefined {
  const text = line.slice(0, LOOKED_AT);
  const found = findTime(text, THIS_YEAR) ?? findTimeInside(text);
  if (found === undefined) return undefined;
  // A month and a day without a year say less than they seem to.
  const dated = found.says === "moment";
  const ms = Date.parse(`${found.time.slice(0, 19)}Z`) + Number(`0${found.time.slice(19, 29)}`) * 1000;
  return { ms: dated ? ms : ms % DAY_MS, dated, ...(found.says === "no-year" ? NOWHERE : around(text, found)) };
}

/** Of times that have none: only their time of day is used. */
const THIS_YEAR = new Date().getUTCFullYear();
const NOWHERE = { start: 0, end: 0 };

/** A time at the very beginning is taken out of the text with its brackets; one further in stays. */
function around(text: string, { start, end }: TextTime): { start: number; end: number } {
  const before = text.slice(0, start);
  if (before !== "" && before !== "[") return NOWHERE;
  let behind = end;
  if (before === "[" && text[behind] === "]") behind += 1;
  while (text[behind] === " ") behind += 1;
  return { start: 0, end: behind };
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

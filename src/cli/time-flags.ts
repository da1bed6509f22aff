import { fromJson } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `5m`, `1h30m`, `2d` in milliseconds. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
  const ms = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ""] ?? 0), 0);
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text && Number.isSafeInteger(Math.round(ms)))
    return Math.round(ms);
  throw new InvalidArgumentError("Use a duration such as 30s, 5m or 1h30m.");
}

/** Checks a time in RFC 3339, such as `2026-01-02T03:04:05Z`. */
export function parseTime(text: string): string {
  try {
    timestampOf(text);
  } catch {
    throw new InvalidArgumentError("Use a time such as 2026-01-02T03:04:05Z.");
  }
  return text;
}

/** Parses a time in RFC 3339, with nanoseconds. */
export function timestampOf(text: string): Timestamp {
  return fromJson(TimestampSchema, text);
}

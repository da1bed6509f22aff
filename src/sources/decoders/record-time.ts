const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)? ?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Reads the time of a record: RFC 3339, the same with a space, or seconds, milliseconds, microseconds or nanoseconds
 * since 1970. Without a zone, it is in UTC.
 *
 * @returns RFC 3339 in UTC, with nine digits after the second.
 */
export function readRecordTime(value: unknown): string | undefined {
  if (typeof value === "number") return fromEpoch(value);
  if (typeof value !== "string" || value.length > 40) return undefined;
  // As container runtimes write it.
  if (value.length === 30 && value.endsWith("Z") && value[10] === "T" && value[19] === ".") return value;
  const [, day, clock, fraction = "", zone = "Z"] = ISO.exec(value) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${clock}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  return Number.isNaN(ms) ? undefined : written(ms / 1_000, fraction);
}

function fromEpoch(value: number): string | undefined {
  // 1e11 seconds would be in the year 5138, and 1e11 milliseconds are in 1973.
  const unit = [1, 1e3, 1e6, 1e9].find((each) => value < 1e11 * each);
  if (unit === undefined || value < 0) return undefined;
  // A double holds a time of today to a fraction of a microsecond.
  const micros = Math.round((value / unit) * 1e6);
  const second = Math.floor(micros / 1e6);
  return written(second, String(micros - second * 1e6).padStart(6, "0"));
}

function written(second: number, fraction: string): string | undefined {
  const date = new Date(second * 1_000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9_999) return undefined;
  return `${date.toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}

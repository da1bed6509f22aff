import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** A number in the user's language. */
export function numberText(value: number | bigint, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}

/** A size in bytes, abbreviated. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const power = Math.min(units.length - 1, bytes < 1_000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const unit = units[power] ?? "byte";
  const digits = power === 0 ? 0 : 1;
  const style = { style: "unit", unit, unitDisplay: power === 0 ? "long" : "short" } as const;
  return new Intl.NumberFormat(language, { ...style, maximumFractionDigits: digits }).format(bytes / 1_000 ** power);
}

const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A duration in its two largest units: `2 min 14 s`. */
export function spanText(ms: number, language: string): string {
  if (ms < 1_000) return unitText(Math.max(0, Math.round(ms)), "millisecond", language);
  let left = Math.round(ms / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of STEPS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(unitText(count, unit, language));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

function unitText(value: number, unit: string, language: string): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** How long ago something was: `6 min. ago`. */
export function agoText(ms: number, now: number, language: string): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1_000));
  const [unit, size] = STEPS.find(([, each]) => seconds >= each) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });
  return format.format(-Math.floor(seconds / size), unit);
}

/** A time, with the date if it is not today. */
export function momentText(time: Timestamp, now: number, language: string): string {
  const date = timestampDate(time);
  const isToday = new Date(now).toDateString() === date.toDateString();
  return new Intl.DateTimeFormat(language, {
    ...(!isToday && { day: "numeric", month: "short" }),
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(date);
}

import { InvalidValue } from "./errors.ts";

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const LETTERS = /yyyy|MM|dd|HH|mm|ss|SSS/g;

/**
 * Nanoseconds from 1970 to an RFC 3339 time. Anything finer than a nanosecond is truncated.
 *
 * @throws InvalidValue if the text is not such a time.
 */
export function parseNanos(text: string): bigint {
  const [whole, day, time, fraction = "", sign, hours = "0", minutes = "0"] = RFC_3339.exec(text) ?? [];
  const millis = whole === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  // Date.parse reads 30 February as a day in March.
  const real = !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(`${day}T${time}`);
  if (!real || Number(hours) > 23 || Number(minutes) > 59) throw new InvalidValue("is not an RFC 3339 time");
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  return BigInt(millis - offset) * 1_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}

/** The fault of a pattern for {@link formatTime}: the rest of a sentence about it, or `undefined`. */
export function findPatternFault(pattern: string): string | undefined {
  const [letter] = /[A-Za-z]/.exec(pattern.replace(LETTERS, "")) ?? [];
  return letter === undefined
    ? undefined
    : `has the letter "${letter}"; only yyyy, MM, dd, HH, mm, ss and SSS are supported`;
}

/**
 * Formats a time in UTC. `yyyy` is the year, `MM` the month, `dd` the day, `HH` the hour (00 to 23), `mm` the minute,
 * `ss` the second, `SSS` the millisecond; anything that is not a letter is copied.
 *
 * @throws InvalidValue if the text is not a time, or the pattern has other letters.
 */
export function formatTime(text: string, pattern: string): string {
  const fault = findPatternFault(pattern);
  if (fault !== undefined) throw new InvalidValue(`formats a date with a pattern that ${fault}`);
  const iso = new Date(Number(divideDown(parseNanos(text), 1_000_000n))).toISOString();
  const parts: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, -20),
    MM: iso.slice(-19, -17),
    dd: iso.slice(-16, -14),
    HH: iso.slice(-13, -11),
    mm: iso.slice(-10, -8),
    ss: iso.slice(-7, -5),
    SSS: iso.slice(-4, -1),
  };
  return pattern.replace(LETTERS, (letters) => parts[letters] ?? "");
}

/** Division that rounds down, so that times before 1970 are right too. */
export function divideDown(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}

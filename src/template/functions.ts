import { InvalidValue } from "./errors.ts";
import { divideDown, findPatternFault, formatTime, parseNanos } from "./times.ts";

/** What a template computes with. Numbers are integers of any size. */
export type Value = string | bigint | boolean;

/** A value that this run does not have, with the names that would have provided it. */
export interface Missing {
  readonly missing: readonly string[];
}

export interface TemplateFunction {
  readonly name: string;
  /** The signature, as documentation shows it. */
  readonly usage: string;
  /** The minimum and maximum number of arguments. */
  readonly counts: readonly [number, number];
  readonly doc: string;
  /** The fault of a literal argument: the rest of a sentence about it. */
  findFault?(position: number, value: string | bigint): string | undefined;
  /** @throws InvalidValue */
  call(...args: readonly Value[]): Value;
}

/** The maximum length of an expression's value, in UTF-16 units, which bounds the growth of nested calls. */
const MAX_VALUE_LENGTH = 8192;

/** Throws if a length exceeds {@link MAX_VALUE_LENGTH}. */
export function checkLength(length: number): void {
  if (length > MAX_VALUE_LENGTH) throw new InvalidValue(`is longer than ${MAX_VALUE_LENGTH} characters`);
}

const needsNumber = (value: Value): string | undefined =>
  typeof value === "bigint" ? undefined : "must be a number without quotes";

function toIndex(value: Value): number {
  if (typeof value !== "bigint") throw new InvalidValue("is used with a substring index that is not a number");
  return Number(value);
}

/** All helpers. No argument is missing: an expression with a missing argument is missing itself. */
export const FUNCTIONS: readonly TemplateFunction[] = [
  {
    name: "unixNanos",
    usage: "unixNanos(time)",
    counts: [1, 1],
    doc: "nanoseconds since 1970, exact",
    call: (time) => parseNanos(String(time)),
  },
  {
    name: "unixMillis",
    usage: "unixMillis(time)",
    counts: [1, 1],
    doc: "milliseconds since 1970, rounded down",
    call: (time) => divideDown(parseNanos(String(time)), 1_000_000n),
  },
  {
    name: "unixSeconds",
    usage: "unixSeconds(time)",
    counts: [1, 1],
    doc: "seconds since 1970, rounded down",
    call: (time) => divideDown(parseNanos(String(time)), 1_000_000_000n),
  },
  {
    name: "date",
    usage: 'date(time, "yyyy/MM/dd")',
    counts: [2, 2],
    doc: "the time in UTC, in a pattern of yyyy, MM, dd, HH, mm, ss and SSS",
    findFault: (position, value) => (position === 1 ? findPatternFault(String(value)) : undefined),
    call: (time, pattern) => formatTime(String(time), String(pattern)),
  },
  {
    name: "quote",
    usage: "quote(text)",
    counts: [1, 1],
    doc: "the text itself; Kargo's templates need it to keep 0123 a string",
    call: (text) => String(text),
  },
  {
    name: "lower",
    usage: "lower(text)",
    counts: [1, 1],
    doc: "in lower case",
    call: (text) => String(text).toLowerCase(),
  },
  {
    name: "upper",
    usage: "upper(text)",
    counts: [1, 1],
    doc: "in upper case",
    call: (text) => String(text).toUpperCase(),
  },
  {
    name: "replace",
    usage: "replace(text, from, to)",
    counts: [3, 3],
    doc: "with every `from` replaced by `to`; both are literal text",
    findFault: (position, value) => (position === 1 && value === "" ? "must not be empty" : undefined),
    call: (text, from, to) => {
      const pieces = String(text).split(String(from));
      if (String(from) === "") throw new InvalidValue("is searched for an empty string");
      checkLength(String(text).length + (pieces.length - 1) * (String(to).length - String(from).length));
      return pieces.join(String(to));
    },
  },
  {
    name: "substring",
    usage: "substring(text, start, end)",
    counts: [2, 3],
    doc: "from the character at `start`, counted from 0, up to but not including the one at `end` (default: to the end)",
    findFault: (position, value) => (position === 0 ? undefined : needsNumber(value)),
    call: (text, start, end) => String(text).slice(toIndex(start ?? 0n), end === undefined ? undefined : toIndex(end)),
  },
];

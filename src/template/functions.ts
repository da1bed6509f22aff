import { Unfit } from "./errors.ts";
import { divideDown, findPatternFault, formatTime, parseNanos } from "./times.ts";

/** What a template computes with. Numbers are whole, and exact however large. */
export type Value = string | bigint | boolean;

/** A value that this run does not have, with the names that would have given it. */
export interface Missing {
  readonly missing: readonly string[];
}

export interface TemplateFunction {
  readonly name: string;
  /** How it is written. */
  readonly usage: string;
  /** The fewest and the most arguments. */
  readonly counts: readonly [number, number];
  readonly doc: string;
  /** What is wrong with an argument that the template spells out: the rest of a sentence about it. */
  findFault?(position: number, value: string | bigint): string | undefined;
  /** @throws Unfit */
  call(...args: readonly Value[]): Value;
}

/** The longest text that an expression may make, in UTF-16 units: what keeps nested calls from growing without end. */
const LONGEST_VALUE = 8192;

/** Refuses a length over {@link LONGEST_VALUE}. */
export function checkLength(length: number): void {
  if (length > LONGEST_VALUE) throw new Unfit(`is longer than ${LONGEST_VALUE} characters`);
}

const needsNumber = (value: Value): string | undefined =>
  typeof value === "bigint" ? undefined : "must be a number without quotes";

function toIndex(value: Value): number {
  if (typeof value !== "bigint") throw new Unfit("is used with a substring index that is not a number");
  return Number(value);
}

/** Every helper. The arguments are there: an expression with a missing one is missing itself. */
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
      if (String(from) === "") throw new Unfit("is searched for an empty string");
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

import { checkLength, type Missing, type Value } from "./functions.ts";

type Operand = Value | Missing;

const NUMBER = /^-?\d{1,30}$/;

/** Whether this run does not have the value. */
export function isMissing(value: Operand): value is Missing {
  return typeof value === "object";
}

/** `+`: adds two numbers, concatenates anything else. */
export function add(left: Operand, right: Operand): Operand {
  if (isMissing(left) || isMissing(right)) return mergeMissing([left, right]);
  if (typeof left === "bigint" && typeof right === "bigint") return left + right;
  const joined = `${left}${right}`;
  checkLength(joined.length);
  return joined;
}

/** `??`: the second operand, if the first is missing. */
export function fallBack(left: Operand, right: () => Operand): Operand {
  if (!isMissing(left)) return left;
  const value = right();
  return isMissing(value) ? mergeMissing([left, value]) : value;
}

/**
 * `==` and the other comparisons. A missing value is like the empty string. A number and a string are compared as
 * numbers if the string is numeric, and differ otherwise.
 */
export function compare(operator: string, left: Operand, right: Operand): boolean {
  const [a, b] = pair(toComparable(left), toComparable(right));
  switch (operator) {
    case "==":
    case "===":
      return a === b;
    case "!=":
    case "!==":
      return a !== b;
    default:
      if (typeof a !== typeof b) return false;
      return operator === "<" ? a < b : operator === ">" ? a > b : operator === "<=" ? a <= b : a >= b;
  }
}

/** The test of `? :`: false for a missing, empty, zero or false value. */
export function isTruthy(value: Operand): boolean {
  return !isMissing(value) && Boolean(value);
}

/** Calls a helper. If an argument is missing, so is the result. */
export function callWith(call: (...args: readonly Value[]) => Value, args: readonly Operand[]): Operand {
  const there = args.filter((arg): arg is Value => !isMissing(arg));
  return there.length < args.length ? mergeMissing(args) : call(...there);
}

function mergeMissing(values: readonly Operand[]): Missing {
  return { missing: values.flatMap((value) => (isMissing(value) ? value.missing : [])) };
}

function toComparable(value: Operand): string | bigint {
  if (isMissing(value)) return "";
  return typeof value === "boolean" ? String(value) : value;
}

function pair(left: string | bigint, right: string | bigint): readonly [string | bigint, string | bigint] {
  const numeric = typeof left === "bigint" || typeof right === "bigint";
  return numeric ? [toNumber(left), toNumber(right)] : [left, right];
}

function toNumber(value: string | bigint): string | bigint {
  return typeof value === "string" && NUMBER.test(value) ? BigInt(value) : value;
}

import { PatternError } from "./pattern-error.ts";

/** What people read instead of the library's words. */
const SENTENCES: Readonly<Record<string, string>> = {
  "missing closing )": "A group is not closed.",
  "unexpected )": "This closes no group.",
  "missing closing ]": "A character class is not closed.",
  "invalid character class": "This is no character class.",
  "invalid character class range": "This is no character class, or its range runs backwards.",
  "invalid escape sequence": "There is no such escape sequence.",
  "invalid named capture": "This is no name of a group.",
  "duplicate capture group name": "Another group has this name.",
  "invalid or unsupported Perl syntax": "RE2 does not have this.",
  "invalid nested repetition operator": "A repetition cannot be repeated.",
  "invalid repeat count": "This repeats no number of times, or more than 1000 times with what it stands in.",
  "missing argument to repetition operator": "There is nothing to repeat.",
  "trailing backslash at end of expression": "Nothing follows the backslash.",
  "expression nests too deeply": "Groups are nested too deeply.",
  "expression too large": "The pattern is too large once its repetitions are written out.",
};

/**
 * What is wrong with a pattern, and where, by what the library says of it.
 *
 * The library tells the faulty part, but not its place. It reads from the left, so the fault ends where the shortest beginning of the pattern ends that has it.
 */
export function explainPattern(pattern: string, error: unknown, compile: (pattern: string) => unknown): PatternError {
  const { fault, part } = read(error);
  const sentence = /^\(\?<?[=!]/.test(part)
    ? "RE2 does not look ahead or behind."
    : (SENTENCES[fault] ?? `The pattern cannot be used: ${fault}.`);
  if (fault === "missing closing )") return new PatternError(sentence, unclosedGroup(pattern));
  let low = 0;
  let high = pattern.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const same = faultOf(pattern.slice(0, middle), compile);
    // Beginnings with any fault but an unfinished group count, since the first fault alone is told.
    if (same?.fault === fault && (same.part === part || fault === "unexpected )")) high = middle;
    else low = middle + 1;
  }
  if (fault === "unexpected )" || part === "") return new PatternError(sentence, Math.max(0, high - 1));
  return new PatternError(sentence, Math.max(0, pattern.lastIndexOf(part, high - part.length)));
}

function faultOf(pattern: string, compile: (pattern: string) => unknown): { fault: string; part: string } | undefined {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    return read(error);
  }
}

function read(error: unknown): { fault: string; part: string } {
  if (typeof error !== "object" || error === null) return { fault: "it is faulty", part: "" };
  return {
    fault: "error" in error && typeof error.error === "string" ? error.error : "it is faulty",
    part: "input" in error && typeof error.input === "string" ? error.input : "",
  };
}

/** Where the innermost group begins that is still open at the end. */
function unclosedGroup(pattern: string): number {
  const open: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === "\\") {
      if (pattern[at + 1] !== "Q") at += 1;
      else {
        const end = pattern.indexOf("\\E", at);
        at = end === -1 ? pattern.length : end + 1;
      }
    } else if (character === "[") at = classEnd(pattern, at);
    else if (character === "(") open.push(at);
    else if (character === ")") open.pop();
  }
  return open.at(-1) ?? 0;
}

function classEnd(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern[at] === "^") at += 1;
  // A bracket in the first place is one of the class.
  if (pattern[at] === "]") at += 1;
  for (; at < pattern.length && pattern[at] !== "]"; at += 1) {
    if (pattern[at] === "\\") at += 1;
    else if (pattern.startsWith("[:", at)) {
      const end = pattern.indexOf(":]", at + 2);
      if (end !== -1) at = end + 1;
    }
  }
  return at;
}

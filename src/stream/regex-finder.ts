import { RE2JS } from "re2js";
import { createCandidates } from "./candidates.ts";
import { requiredLiterals } from "./line-literals.ts";
import type { LineMatcher } from "./line-matcher.ts";
import { PatternError } from "./pattern-error.ts";
import { explainPattern } from "./pattern-fault.ts";
import { createShapeScan } from "./shape-scan.ts";

const LINE_FEED = 0x0a;
/**
 * How many instructions more than it has characters a pattern may become when its repetitions are written out. Where its states are too many to be kept, each
 * character of a line costs as many steps as there are instructions.
 */
const MAX_WRITTEN_OUT = 500;
/** How much of a line is looked at, at most. */
export const MOST_LINE_BYTES = 64 * 1024;
/** What is matched at once: bytes times instructions. A few hundred ms at the worst, where each byte makes a state that was not there before. */
const LINE_STEPS = 1024 * 1024;
const LEAST_LINE_BYTES = 1024;
/** The same of lines that are short: some ten ms, since a call takes a dozen turns of the event loop. */
const TURN_STEPS = 32 * 1024;
const LEAST_TURN_BYTES = 256;
const MOST_TURN_BYTES = 1024;

/** A regular expression that matches the text alone. */
export function quoteRegex(text: string): string {
  return RE2JS.quote(text);
}

interface RegexOptions {
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** Whether it is a text, which makes no more states than it has characters. Default: no. */
  readonly isText?: boolean;
}

/**
 * Finds lines that match a regular expression in RE2's syntax.
 *
 * Where the expression needs certain literals, only lines that hold one of them are matched.
 *
 * @throws PatternError when it is none, or is too large.
 */
export function createRegexFinder(options: RegexOptions): LineMatcher {
  const { pattern, isText = false } = options;
  // The flag at the front is what people write; without it the literals can be told.
  const inline = pattern.startsWith("(?i)");
  const ignoreCase = options.ignoreCase || inline;
  if (pattern === "") throw new PatternError("The pattern is empty.", 0);
  const expression = compile(pattern, ignoreCase);
  const instructions = expression.programSize();
  if (instructions > pattern.length + MAX_WRITTEN_OUT) {
    throw new PatternError("The pattern is too large once its repetitions are written out.", largestRepeat(pattern));
  }
  const uncased = inline ? pattern.slice(4) : pattern;
  const cased = ignoreCase ? compile(uncased, false) : expression;
  const literals = requiredLiterals(cased.re2Input.prefilter) ?? [];
  // A literal of one character is in nearly every line.
  const areCommon = literals.length === 0 || literals.some(({ length }) => length < 2);
  const candidates =
    (areCommon ? createShapeScan(uncased, ignoreCase) : undefined) ?? createCandidates(literals, ignoreCase);

  let matchedBytes = 0;

  return {
    lineBytes: isText ? MOST_LINE_BYTES : within(LINE_STEPS / instructions, LEAST_LINE_BYTES, MOST_LINE_BYTES),
    turnBytes: within(TURN_STEPS / instructions, LEAST_TURN_BYTES, MOST_TURN_BYTES),
    get matchedBytes() {
      return matchedBytes;
    },
    over(lines) {
      const nextCandidate = candidates(lines);
      return {
        next(from) {
          for (let start = from; start < lines.length; ) {
            const candidate = nextCandidate(start);
            if (candidate >= lines.length) break;
            const before = candidate === start ? -1 : lines.lastIndexOf(LINE_FEED, candidate - 1);
            if (before >= start) start = before + 1;
            const feed = lines.indexOf(LINE_FEED, candidate);
            const end = feed === -1 ? lines.length : feed;
            matchedBytes += end - start;
            if (expression.test(lines.subarray(start, end))) return start;
            start = end + 1;
          }
          return lines.length;
        },
      };
    },
  };
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)));
}

function compile(pattern: string, ignoreCase: boolean): RE2JS {
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw explainPattern(pattern, error, (part) => RE2JS.compile(part));
  }
}

/** Where the repetition with the largest number stands. */
function largestRepeat(pattern: string): number {
  let position = 0;
  let largest = 0;
  for (const repeat of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Math.max(Number(repeat[1]), Number(repeat[2] ?? 0));
    if (times <= largest) continue;
    largest = times;
    position = repeat.index;
  }
  return position;
}

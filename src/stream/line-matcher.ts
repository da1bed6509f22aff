import { RE2JS } from "re2js";
import { createCandidates, type NextCandidate, requiredLiterals } from "./candidates.ts";
import { LINE_FEED } from "./characters.ts";
import { scanLines } from "./count.ts";
import { ESCAPE } from "./escape-sequences.ts";
import { describeSyntaxError, PatternError, quote } from "./pattern-error.ts";
import { createShapeScan } from "./shape-scan.ts";
import { searchedLine } from "./shown-line.ts";

/** What to search for. */
export interface Pattern {
  /** A fixed string, or a regular expression in RE2's syntax. */
  readonly pattern: string;
  /** Whether it is a fixed string. */
  readonly fixed: boolean;
  /** Whether to ignore case, by Unicode case folding. */
  readonly ignoreCase: boolean;
}

/** Finds matching lines, a block of lines at a time. */
export interface LineMatcher {
  /** How much of a line may be matched at once, in bytes, so that other streams wait only for a moment. */
  readonly lineBytes: number;
  /**
   * Starts to search a block.
   *
   * @param lines lines with their line feeds; the last may lack it. They must not change during the search.
   */
  search(lines: Buffer): LineSearch;
  /**
   * Whether to yield to the event loop before more is matched. Stays true until {@link yielded} was called once for
   * each share of the work: after one long line, others run as often as between many short ones.
   */
  readonly needsYield: boolean;
  yielded(): void;
}

/** The search of one block. */
export interface LineSearch {
  /** How many line feeds the block has, if the search found out. */
  readonly feeds?: number;
  /**
   * Finds the next line that matches.
   *
   * @param from where a line begins. Must not decrease from call to call.
   * @returns a byte of that line, or the end of the block. If the matcher needs a yield first, `~start`: no line before
   *   the one that begins at `start` matches. Never for a block of one line.
   */
  next(from: number): number;
}

const NUL = 0x00;
const BACKSPACE = 0x08;
const RETURN = 0x0d;

/** The maximum part of a line that is matched. */
const MAX_LINE_BYTES = 64 * 1024;
const MIN_LINE_BYTES = 1024;
/**
 * The maximum number of instructions of a pattern beyond its length in characters, after expanding its repetitions. If
 * there are too many states to cache, each character of a line takes as many steps as there are instructions.
 */
const MAX_EXPANSION = 500;
/**
 * The maximum work of matching one line, in bytes times instructions: a few hundred ms if each byte is a new state.
 */
const LINE_STEPS = 1024 * 1024;
/** The work between two yields: some ten ms, because a call takes a dozen turns of the event loop. */
const YIELD_STEPS = 32 * 1024;
const MIN_YIELD_BYTES = 256;
const MAX_YIELD_BYTES = 1024;

/**
 * Creates a matcher that takes linear time for any pattern and line.
 *
 * A line is matched as it is shown: without its line feed, a carriage return before it, and escape sequences (colours,
 * cursor movements, window titles, links); where carriage returns or backspaces overwrite it, its last state.
 *
 * @throws PatternError if the pattern is invalid or too large.
 */
export function createLineMatcher(pattern: Pattern): LineMatcher {
  const { fixed, ignoreCase } = pattern;
  if (pattern.pattern === "") throw new PatternError("The pattern is empty.");
  if (!fixed) return new ShownMatcher(new RegexMatcher(pattern.pattern, ignoreCase, false));
  if (pattern.pattern.includes("\n")) {
    throw new PatternError("The pattern contains a line feed, so it would match nothing: no line contains one.");
  }
  return new ShownMatcher(
    ignoreCase ? new RegexMatcher(RE2JS.quote(pattern.pattern), true, true) : new TextMatcher(pattern.pattern),
  );
}

/** Finds a fixed string by its bytes. */
class TextMatcher implements LineMatcher {
  readonly lineBytes = MAX_LINE_BYTES;
  readonly needsYield = false;
  readonly #text: Buffer;

  constructor(text: string) {
    this.#text = Buffer.from(text);
  }

  search(lines: Buffer): LineSearch {
    let hit = -1;
    let nextReturn = -1;
    return {
      next: (from) => {
        if (hit < from) hit = this.#find(lines, from);
        // What carriage returns leave of a line is a part of it, so that only lines that match have to be looked at.
        while (hit < lines.length) {
          if (nextReturn < from) nextReturn = indexOf(lines, RETURN, from);
          if (nextReturn === lines.length || !isOverwritten(lines, nextReturn, hit)) break;
          const start = lines.lastIndexOf(LINE_FEED, hit) + 1;
          const end = lineEnd(lines, hit);
          const shown = searchedLine(lines.subarray(start, end));
          if (bufferOf(shown).includes(this.#text)) break;
          hit = this.#find(lines, end);
        }
        return hit;
      },
    };
  }

  #find(lines: Buffer, from: number): number {
    const hit = lines.indexOf(this.#text, from);
    return hit === -1 ? lines.length : hit;
  }

  yielded(): void {}
}

/**
 * Matches a regular expression. If matches must contain certain literals, or have a certain shape, other lines are
 * skipped.
 */
class RegexMatcher implements LineMatcher {
  readonly lineBytes: number;
  readonly #yieldBytes: number;
  readonly #expression: RE2JS;
  readonly #candidates: (lines: Buffer) => NextCandidate;
  /** Bytes that were matched since the last yield. */
  #matchedBytes = 0;

  /** @param isText whether the pattern is a quoted string, which has no more states than characters. */
  constructor(pattern: string, ignoreCase: boolean, isText: boolean) {
    // Users write the flag at the front. Without it, re2js can determine the literals.
    const inline = pattern.startsWith("(?i)");
    const anyCase = ignoreCase || inline;
    const uncased = inline ? pattern.slice(4) : pattern;
    this.#expression = compile(pattern, anyCase);
    const instructions = this.#expression.programSize();
    if (instructions > pattern.length + MAX_EXPANSION) throw tooLarge(pattern);
    this.lineBytes = isText ? MAX_LINE_BYTES : clamp(LINE_STEPS / instructions, MIN_LINE_BYTES, MAX_LINE_BYTES);
    this.#yieldBytes = clamp(YIELD_STEPS / instructions, MIN_YIELD_BYTES, MAX_YIELD_BYTES);
    const literals = requiredLiterals(anyCase ? compile(uncased, false) : this.#expression) ?? [];
    // Nearly every line contains a literal of one character.
    const areCommon = literals.length === 0 || literals.some(({ length }) => length < 2);
    this.#candidates =
      (areCommon ? createShapeScan(uncased, anyCase) : undefined) ?? createCandidates(literals, anyCase);
  }

  search(lines: Buffer): LineSearch {
    const nextCandidate = this.#candidates(lines);
    let hasReturns: boolean | undefined;
    return {
      next: (from) => {
        let start = from;
        for (;;) {
          const candidate = nextCandidate(start);
          if (candidate >= lines.length) return lines.length;
          if (candidate > start) start = Math.max(start, lines.lastIndexOf(LINE_FEED, candidate - 1) + 1);
          const end = lineEnd(lines, candidate);
          this.#matchedBytes += end - start;
          const line = lines.subarray(start, end);
          hasReturns ??= lines.includes(RETURN);
          if (this.#expression.test(hasReturns ? withoutReturns(line) : line)) return start;
          start = end + 1;
          if (start >= lines.length) return lines.length;
          if (this.needsYield) return ~start;
        }
      },
    };
  }

  get needsYield(): boolean {
    return this.#matchedBytes >= this.#yieldBytes;
  }

  yielded(): void {
    this.#matchedBytes -= this.#yieldBytes;
  }
}

/**
 * Matches lines as they are shown. The matchers of texts and expressions handle carriage returns by themselves.
 */
class ShownMatcher implements LineMatcher {
  readonly lineBytes: number;
  readonly #matcher: LineMatcher;

  constructor(matcher: LineMatcher) {
    this.lineBytes = matcher.lineBytes;
    this.#matcher = matcher;
  }

  search(lines: Buffer): LineSearch {
    const plain = this.#matcher.search(lines);
    const found = plain.next(0);
    if (found === lines.length) {
      // Most blocks end here. Their line feeds have to be counted in any case, which finds controls too.
      const { feeds, hasControls } = scanLines(lines);
      if (!hasControls) return { next: () => found, feeds };
    }
    return this.#searchShown(lines, plain, found);
  }

  get needsYield(): boolean {
    return this.#matcher.needsYield;
  }

  yielded(): void {
    this.#matcher.yielded();
  }

  /**
   * Matches each line that contains a control character separately.
   *
   * @param first what the search in the lines as they are has returned for their beginning.
   */
  #searchShown(lines: Buffer, plain: LineSearch, first: number): LineSearch {
    const end = lines.length;
    const nextControl = controlsIn(lines);
    /** The last hit of that search. */
    let found = first;
    let isFirst = true;
    return {
      next: (from) => {
        for (let start = from; start < end; ) {
          if (found < start && !(isFirst && start === 0)) found = plain.next(start);
          isFirst = false;
          const control = nextControl(start);
          if (control === end) return found;
          const lineStart = Math.max(start, lines.lastIndexOf(LINE_FEED, control) + 1);
          if ((found < 0 ? ~found : found + 1) <= lineStart) return found;
          const stop = lineEnd(lines, control);
          if (this.#matches(lines.subarray(lineStart, stop))) return control;
          start = stop + 1;
          if (start < end && this.needsYield) return ~start;
        }
        return end;
      },
    };
  }

  #matches(line: Buffer): boolean {
    const shown = bufferOf(searchedLine(line));
    // A line feed, for patterns that match an empty line: an empty block has no lines.
    const block = shown.length === 0 ? Buffer.of(LINE_FEED) : shown;
    return this.#matcher.search(block).next(0) < block.length;
  }
}

/** Where a byte is next; the end of the lines if it is nowhere. */
function indexOf(lines: Buffer, byte: number, from: number): number {
  const at = lines.indexOf(byte, from);
  return at === -1 ? lines.length : at;
}

/** Where the line of a byte ends: at its line feed, or with the block. */
function lineEnd(lines: Buffer, at: number): number {
  return indexOf(lines, LINE_FEED, at);
}

/**
 * Whether the line of a byte holds a carriage return that overwrites it: any but one before its line feed.
 *
 * @param nextReturn the first carriage return from the beginning of some line on, that is not after the byte's line.
 */
function isOverwritten(lines: Buffer, nextReturn: number, at: number): boolean {
  const found = nextReturn < at ? indexOf(lines, RETURN, lines.lastIndexOf(LINE_FEED, at) + 1) : nextReturn;
  if (found + 1 >= lines.length || lines[found + 1] === LINE_FEED) return false;
  return found < lineEnd(lines, at);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** What carriage returns leave of a line: without one at its end, it is what follows the last. */
function withoutReturns(line: Buffer): Uint8Array {
  const at = line.indexOf(RETURN);
  if (at === -1) return line;
  return at === line.length - 1 ? line.subarray(0, at) : searchedLine(line);
}

/**
 * Finds the characters of a block, besides carriage returns, that change what its lines show: escapes, backspaces and
 * NULs. Shifts are looked for only in lines with these, since terminals' resets write both.
 *
 * @returns a search for the first one from a place on, which is never before that of the call before.
 */
function controlsIn(lines: Buffer): (from: number) => number {
  let nextEscape = -1;
  let nextBackspace = -1;
  let nextNul = -1;
  return (from) => {
    if (nextEscape < from) nextEscape = indexOf(lines, ESCAPE, from);
    if (nextBackspace < from) nextBackspace = indexOf(lines, BACKSPACE, from);
    if (nextNul < from) nextNul = indexOf(lines, NUL, from);
    return Math.min(nextEscape, nextBackspace, nextNul);
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, Math.floor(value)));
}

function compile(pattern: string, ignoreCase: boolean): RE2JS {
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw new PatternError(describeSyntaxError(error));
  }
}

/** Names the repetition with the largest number. */
function tooLarge(pattern: string): PatternError {
  const [largest] = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].toSorted((a, b) => timesOf(b) - timesOf(a));
  const what = largest === undefined ? quote(pattern) : quote(largest[0]);
  return new PatternError(`The pattern is too large when its repetitions are expanded: ${what}.`);
}

function timesOf([, min, max]: RegExpMatchArray): number {
  return Math.max(Number(min), Number(max ?? 0));
}

import { withoutEscapes } from "./escape-sequences.ts";
import { createFixedFinder } from "./fixed-finder.ts";
import { createRegexFinder } from "./regex-finder.ts";

/** Finds lines that match, a whole block of them at a time. */
export interface LineMatcher {
  /**
   * Looks through whole lines.
   *
   * @param lines lines with their line feeds; the last may lack it. They may not change while they are looked through.
   */
  over(lines: Buffer): LineHits;
  /** How much of a line is to be looked at, in bytes: what no pattern of this kind takes longer for than a moment. */
  readonly lineBytes: number;
  /** How many bytes are to be looked through at once, at most, so that others get their turn. `Infinity` where it takes no time. */
  readonly turnBytes: number;
  /** How many bytes were matched by more than a search for a text, so far. */
  readonly matchedBytes: number;
}

/** The lines of one block that match. */
export interface LineHits {
  /**
   * Where the next match is: a byte of the first line that matches, or the end of the block if there is none.
   *
   * @param from where a line begins, never before that of the call before.
   */
  next(from: number): number;
}

/** What to look for. */
export interface Pattern {
  /** A text, or a regular expression in RE2's syntax. */
  readonly pattern: string;
  /** Whether it is a text. */
  readonly fixed: boolean;
  /** Whether upper and lower case are the same, as Unicode folds them. */
  readonly ignoreCase: boolean;
}

/**
 * Makes a matcher of a pattern. It takes linear time for any pattern and any line.
 *
 * A line is matched without its line feed and without escape sequences (colours, cursor movements, window titles, links). A carriage return is part of it.
 *
 * @throws PatternError when it cannot be used.
 */
export function createLineMatcher(pattern: Pattern): LineMatcher {
  return withoutEscapes(pattern.fixed ? createFixedFinder(pattern) : createRegexFinder(pattern));
}

import { type Block, lineCount } from "./block.ts";

/** What to find. */
export interface Query {
  readonly q: string;
  /** Whether `q` is a regular expression of JavaScript. */
  readonly re: boolean;
  /** Whether to ignore case. */
  readonly ci: boolean;
}

/** A matching part of a line's text, in UTF-16 units. */
export type MatchRange = readonly [start: number, end: number];

/** The maximum number of matches that are shown in one line. */
const MAX_RANGES = 500;

/**
 * The global regular expression for a query.
 *
 * @throws SyntaxError if the query is not a valid regular expression.
 */
export function compileQuery({ q, re, ci }: Query): RegExp {
  const flags = ci ? "gi" : "g";
  if (!re) return new RegExp(q.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), flags);
  try {
    return new RegExp(q, `${flags}u`);
  } catch {
    // Unicode mode refuses meaningless escapes, such as `\-`.
    return new RegExp(q, flags);
  }
}

/**
 * Yields the lines of a text that match, each once, in order.
 *
 * @param text lines, each with a line feed.
 * @param acrossLines whether the pattern can run on the text as a whole because it cannot match a line feed: true for
 * literal texts, false for regular expressions.
 */
export function matchingLines(
  text: string,
  pattern: RegExp,
  acrossLines: boolean,
  found: (line: number) => void,
): void {
  let line = 0;
  let start = 0;
  if (!acrossLines) {
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      pattern.lastIndex = 0;
      if (pattern.test(text.slice(start, end))) found(line);
      line += 1;
      start = end + 1;
    }
    return;
  }
  let end = text.indexOf("\n");
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    while (end !== -1 && end < match.index) {
      line += 1;
      end = text.indexOf("\n", end + 1);
    }
    found(line);
    if (end === -1) return;
    pattern.lastIndex = end + 1;
    line += 1;
    end = text.indexOf("\n", end + 1);
  }
}

/** The matching parts of a line's text, without empty matches. */
export function matchRanges(text: string, pattern: RegExp): MatchRange[] {
  const ranges: MatchRange[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null && ranges.length < MAX_RANGES; match = pattern.exec(text)) {
    if (match[0] === "") pattern.lastIndex += 1;
    else ranges.push([match.index, match.index + match[0].length]);
  }
  return ranges;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a block from a line on. */
export function blockText(block: Block, fromLine: number): string {
  return DECODER.decode(blockPart(block, fromLine));
}

/** The bytes of a block from a line on. */
export function blockPart(block: Block, fromLine: number): Uint8Array<ArrayBuffer> {
  return fromLine === 0 ? block.text : block.text.subarray(block.offsets[Math.min(fromLine, lineCount(block))] ?? 0);
}

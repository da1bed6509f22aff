import { type Block, lineCount } from "./block.ts";

/** What to find. */
export interface Query {
  readonly q: string;
  /** Whether `q` is a regular expression of JavaScript. */
  readonly re: boolean;
  /** Whether upper and lower case are the same. */
  readonly ci: boolean;
}

/** A stretch of a line's text that matches, in UTF-16 units. */
export type MatchRange = readonly [start: number, end: number];

/** More stretches of one line are not shown. */
const MOST_RANGES = 500;

/**
 * The pattern of a query, which finds one match after another.
 *
 * @throws SyntaxError where the query is no regular expression.
 */
export function compileQuery({ q, re, ci }: Query): RegExp {
  const flags = ci ? "gi" : "g";
  if (!re) return new RegExp(q.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), flags);
  try {
    return new RegExp(q, `${flags}u`);
  } catch {
    // Unicode mode refuses escapes that mean nothing, such as `\-`.
    return new RegExp(q, flags);
  }
}

/**
 * Tells the lines of a text that match, each once, in order.
 *
 * @param text lines, each with a line feed.
 * @param acrossLines whether the pattern can be run on the text as a whole, since it matches no line feed: texts to
 * find can, regular expressions cannot.
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

/** The stretches of a line's text that match. Empty matches are left out. */
export function matchRanges(text: string, pattern: RegExp): MatchRange[] {
  const ranges: MatchRange[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null && ranges.length < MOST_RANGES; match = pattern.exec(text)) {
    if (match[0] === "") pattern.lastIndex += 1;
    else ranges.push([match.index, match.index + match[0].length]);
  }
  return ranges;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a block from one of its lines on. */
export function blockText(block: Block, fromLine: number): string {
  return DECODER.decode(blockPart(block, fromLine));
}

/** The bytes of a block from one of its lines on. */
export function blockPart(block: Block, fromLine: number): Uint8Array<ArrayBuffer> {
  return fromLine === 0 ? block.text : block.text.subarray(block.offsets[Math.min(fromLine, lineCount(block))] ?? 0);
}

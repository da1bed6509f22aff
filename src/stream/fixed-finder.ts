import type { LineMatcher, Pattern } from "./line-matcher.ts";
import { PatternError } from "./pattern-error.ts";
import { createRegexFinder, MOST_LINE_BYTES, quoteRegex } from "./regex-finder.ts";

/**
 * Finds lines that hold a text, by its bytes.
 *
 * @throws PatternError when it is empty or holds a line feed.
 */
export function createFixedFinder({ pattern, ignoreCase }: Pattern): LineMatcher {
  if (pattern === "") throw new PatternError("The pattern is empty.", 0);
  const feed = pattern.indexOf("\n");
  if (feed !== -1) throw new PatternError("A line feed is in no line, so the pattern would match nothing.", feed);
  if (ignoreCase) return createRegexFinder({ pattern: quoteRegex(pattern), ignoreCase, isText: true });
  const bytes = Buffer.from(pattern);
  return {
    lineBytes: MOST_LINE_BYTES,
    turnBytes: Number.POSITIVE_INFINITY,
    matchedBytes: 0,
    over(lines) {
      let hit = -1;
      return {
        next(from) {
          if (hit < from) hit = lines.indexOf(bytes, from);
          if (hit === -1) hit = lines.length;
          return hit;
        },
      };
    },
  };
}

import { RE2JSSyntaxException } from "re2js";

/** The maximum part of a pattern in a message, in characters. */
const MAX_QUOTED = 100;

/**
 * Thrown if a pattern is invalid. The message is one sentence that quotes the invalid part.
 */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PatternError";
  }
}

/**
 * Describes an error of re2js for a pattern. The wording is that of RE2 in Go, which users may search for.
 */
export function describeSyntaxError(error: unknown): string {
  if (!(error instanceof RE2JSSyntaxException)) return "Invalid pattern.";
  const part = error.getPattern() ?? "";
  const description = /^\(\?<?[=!]/.test(part) ? "RE2 has no lookahead or lookbehind" : error.getDescription();
  return part === "" ? `Invalid pattern: ${description}.` : `Invalid pattern: ${description}: ${quote(part)}.`;
}

/** Quotes a part of a pattern in backticks, which are rarer in patterns than other quotes. */
export function quote(part: string): string {
  const characters = [...part];
  return `\`${characters.length <= MAX_QUOTED ? part : `${characters.slice(0, MAX_QUOTED).join("")}…`}\``;
}

import { RE2JSSyntaxException } from "re2js";

/** The longest part of a pattern that a message quotes, in characters. */
const MAX_QUOTED = 100;

/**
 * Thrown when a pattern cannot be used. The message is one sentence for a person and quotes the part that is at fault.
 */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PatternError";
  }
}

/**
 * What re2js threw when it compiled a pattern, as a sentence. Its words are those of RE2 in Go, which users may search
 * for.
 */
export function describeSyntaxError(error: unknown): string {
  if (!(error instanceof RE2JSSyntaxException)) return "Invalid pattern.";
  const part = error.getPattern() ?? "";
  const description = /^\(\?<?[=!]/.test(part) ? "RE2 has no lookahead or lookbehind" : error.getDescription();
  return part === "" ? `Invalid pattern: ${description}.` : `Invalid pattern: ${description}: ${quote(part)}.`;
}

/** A part of a pattern in backticks, which are rarer in patterns than other quotes. */
export function quote(part: string): string {
  const characters = [...part];
  return `\`${characters.length <= MAX_QUOTED ? part : `${characters.slice(0, MAX_QUOTED).join("")}…`}\``;
}

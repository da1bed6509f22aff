import { explainSeverity } from "./severity.ts";

/**
 * An error told in one line: by its own words; where they say no more than that it is one (Robot Framework's `| FAIL |`), by those of the line behind it too.
 *
 * @param next the line behind it, where there is one.
 */
export function errorWords(line: string, next: string | undefined): string {
  const own = line.trim();
  const because = explainSeverity(own)?.because ?? "";
  if (next === undefined || /[\p{L}\p{N}]/u.test(own.replace(because, ""))) return own;
  return `${own} ${next.trim()}`.trim();
}

import type { LineFilterResume } from "./filtered-text.ts";

/** What was decided on a line before its end, because it is too long to be matched whole or goes out as it comes. */
export interface GoingLine {
  readonly kind: "match" | "context" | "dropped";
  /** The time in effect from this line on. */
  readonly time: string | undefined;
}

/** Where a text begins in the log. */
export interface TextStart {
  /** The number of the line in which its first byte lies. */
  readonly line: number;
  /** How many bytes of that line lie before it. Default: none. */
  readonly within?: number;
  /** What was decided on that line, if it was decided before its end. */
  readonly going?: GoingLine | undefined;
}

/**
 * Whether a filter that resumes from `resume` can begin with the text that begins at `start`: whether nothing that is
 * yet
 * to be decided or sent lies before it.
 */
export function reachesBack(start: TextStart, resume: LineFilterResume): boolean {
  if (start.line !== resume.done + 1) return start.line <= resume.done;
  const within = start.within ?? 0;
  return within === 0 || start.going?.kind === "dropped" || (start.going !== undefined && within <= resume.part);
}

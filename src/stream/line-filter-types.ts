import type { LineMatcher } from "./line-matcher.ts";
import type { LineTimes } from "./line-times.ts";

/**
 * The next valid UTF-8 of a log, at most about 256 KiB, cut anywhere between characters, also inside a line. The filter
 * may keep parts of it until the next call only.
 */
export interface TimedText {
  readonly bytes: Uint8Array;
  /** The times of the lines that begin in it. Either for all texts of a log or for none. */
  readonly times?: LineTimes;
}

export interface LineFilterOptions {
  /** Which lines to send. Default: all. */
  readonly grep?: {
    readonly matches: LineMatcher;
    readonly invert: boolean;
    /** How many lines to send before and after each match. */
    readonly before: number;
    readonly after: number;
  };
  /** Leaves out lines before this time, and lines before the first time, as if they did not exist. See LineTimes. */
  readonly since?: string;
  /** The first line of this time or later ends the output. */
  readonly until?: string;
  /**
   * When times without a year were at the latest: RFC 3339 in UTC. Theirs is the last year that fits. Default: now.
   * Must give the same years when a read is resumed.
   */
  readonly latest?: string;
  /** Whether to put `time + " "` before each line that is sent. Only for texts with times. */
  readonly timestamps: boolean;
  /**
   * How much of a line is searched, and the longest line that can be context before a match. Default and maximum:
   * 64 KiB, or what the pattern allows.
   */
  readonly lineBytes?: number;
  /**
   * The maximum size of an output. Default and maximum: 255 KiB. Minimum: a line that is searched whole, with a time
   * before it.
   */
  readonly outputBytes?: number;
}

/** Lines that follow one another. */
export interface LineRun {
  /** The number of the first one. */
  readonly firstLine: number;
  readonly count: number;
  /** Whether they are context of a match, not matches. */
  readonly context: boolean;
}

/** What a filter needs to resume behind an output, besides a text that reaches back far enough. */
export interface LineFilterResume {
  /** Lines up to this number produce no more output. */
  readonly done: number;
  /** How many bytes of line `done + 1` have been sent, without the time before it. */
  readonly part: number;
  /** How many lines from `done + 1` on are context of an earlier match. */
  readonly context: number;
  /** The time in effect before line `done + 1`. Known only if the filter needs times or puts them before lines. */
  readonly time: string | undefined;
}

/** Output of a filter. */
export interface FilteredText {
  /** At most 255 KiB of whole characters. */
  readonly bytes: Uint8Array;
  /** Its lines, in order. A line that is spread over several outputs is counted once in each of them. */
  readonly runs: readonly LineRun[];
  /** Where a filter resumes behind it. */
  readonly resume: LineFilterResume;
}

/** What was decided on a line before its end, because it is too long to search whole or is sent as it arrives. */
export interface LineDecision {
  readonly kind: "match" | "context" | "dropped";
  /** The time in effect from this line on. */
  readonly time: string | undefined;
}

/** Where a text begins in the log. */
export interface TextStart {
  /** The number of the line that its first byte belongs to. */
  readonly line: number;
  /** How many bytes of that line lie before it. Default: none. */
  readonly within?: number;
  /** What was decided on that line, if that happened before its end. */
  readonly decision?: LineDecision | undefined;
}

/** Where the first text begins and, for a resumed read, what was sent before. */
export interface LineFilterStart extends TextStart, Partial<LineFilterResume> {}

/**
 * Whether a filter that resumes from `resume` can begin with the text that begins at `start`: nothing that has yet to
 * be decided or sent may lie before it.
 */
export function reachesBack(start: TextStart, resume: LineFilterResume): boolean {
  if (start.line !== resume.done + 1) return start.line <= resume.done;
  const within = start.within ?? 0;
  return within === 0 || start.decision?.kind === "dropped" || (start.decision !== undefined && within <= resume.part);
}

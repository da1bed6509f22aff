/** Lines that follow one another. */
export interface LineRun {
  /** The number of the first one. */
  readonly firstLine: number;
  readonly count: number;
  /** Whether they do not match, but stand before or after a line that does. */
  readonly context: boolean;
}

/** What a filter has to know to resume behind an output, besides a text that reaches back far enough. */
export interface LineFilterResume {
  /** Lines up to this number give no more output and need not be looked at. */
  readonly done: number;
  /** Bytes of line `done + 1` that were sent already, without the time that was put before it. */
  readonly part: number;
  /** How many lines from `done + 1` on are still context of a match before them. */
  readonly context: number;
  /** The time in effect before line `done + 1`. Known only where the filter needs times or puts them before lines. */
  readonly time: string | undefined;
}

/** Something to send. */
export interface FilteredText {
  /** At most 255 KiB of whole characters. */
  readonly bytes: Uint8Array;
  /**
   * Its lines, in order. A line that is spread over several outputs has a run, or a part of one, in each of them: it is
   * counted once in each.
   */
  readonly runs: readonly LineRun[];
  /** Where a filter resumes behind it. */
  readonly resume: LineFilterResume;
}

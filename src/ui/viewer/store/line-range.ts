/**
 * Lines of a log by their numbers in its source, so that they stay the same whatever is filtered, folded or wrapped.
 */
export interface LineRange {
  /** The number of the first one. */
  readonly first: number;
  /** The number of the last one. */
  readonly last: number;
  /** `lineHash` of the first line's text, to see whether the log is still the same. */
  readonly hash?: string;
}

/** Where the lines that begin in a piece of a log begin, and when each was written. The two arrays are equally long. */
export interface LineTimes {
  /** Offsets in the piece's bytes, ascending. */
  readonly starts: readonly number[];
  /** RFC 3339 in UTC, with nine digits after the second: `2026-01-01T00:00:00.000000000Z`. */
  readonly times: readonly string[];
}

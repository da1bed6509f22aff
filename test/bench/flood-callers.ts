/** The token of the caller whose calls are these floods: one for each, since what a caller has spent is remembered. */
export function floodToken(kinds: readonly string[]): string {
  return `bench-flood-${kinds.join("-")}`;
}

/** The tokens of those who read at once beside it. */
export const READER_TOKENS: readonly string[] = Array.from({ length: 50 }, (_, index) => `bench-reader-${index}`);

/** What the readers of one measurement saw. */
export interface Readings {
  /** How long each read took, in milliseconds. */
  readonly times: readonly number[];
  /** How many reads were refused or failed. */
  readonly failed: number;
}

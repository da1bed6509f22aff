/** The token of the caller whose calls are a flood: one for each, since what a caller has spent is remembered. */
export function floodToken(flood: string): string {
  return `bench-flood-${flood.replaceAll(" ", "-")}`;
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

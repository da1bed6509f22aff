/** Lines of a log by their numbers in its source, so that they stay the same whatever is filtered, folded or wrapped. */
export interface LineRange {
  /** The number of the first one. */
  readonly first: number;
  /** The number of the last one. */
  readonly last: number;
  /** `lineHash` of the first line's text, to see whether the log is still the same. */
  readonly hash?: string;
}

/** Eight hexadecimal digits that tell a line's text from others (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/). Not against intent. */
export function lineHash(text: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

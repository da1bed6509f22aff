/**
 * A hash of a line's text as eight hexadecimal digits (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/).
 * Links contain the hash of what a line shows. Not collision-resistant.
 */
export function lineHash(text: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

import { LINE_FEED } from "../stream/characters.ts";
import { ESCAPE, EscapeReader } from "../stream/escape-sequences.ts";

const RETURN = 0x0d;

/**
 * A hash of a line's text as eight hexadecimal digits (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/).
 * Not collision-resistant.
 */
export function lineHash(text: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * A line as the page shows it: its text without escape sequences; if carriage returns overwrite it, its last state.
 * Links contain the hash of this.
 *
 * @param line without its line feed.
 */
export function shownLine(line: Uint8Array): Uint8Array {
  const shown = new Uint8Array(line.length);
  const sequence = new EscapeReader();
  let length = 0;
  let isEscape = false;
  // A carriage return clears the line once something else comes.
  let isReturned = false;
  for (const byte of line) {
    if (isEscape) {
      const came = sequence.take(byte);
      if (came === "more") continue;
      isEscape = false;
      if (came === "restart") {
        isReturned = false;
        length = 0;
      }
      if (came !== "text") continue;
    }
    if (byte === LINE_FEED) break;
    if (byte === ESCAPE) {
      isEscape = true;
      sequence.begin();
    } else if (byte === RETURN) isReturned = true;
    else {
      if (isReturned) length = 0;
      isReturned = false;
      shown[length] = byte;
      length += 1;
    }
  }
  return shown.subarray(0, length);
}

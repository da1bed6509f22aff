import { masked } from "./mask.ts";

const LINE_FEED = 10;
const SPACE = 32;
const TAB = 9;

/**
 * Computes a 53-bit hash for each line of a text. Parts that vary from run to run are left out, and runs of blanks
 * count as one, since columns are as wide as their content.
 *
 * @param text lines, each with a line feed.
 */
export function hashLines(text: string, add: (hash: number) => void): void {
  const lines = masked(text);
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  let blank = false;
  for (let at = 0; at < lines.length; at += 1) {
    const code = lines.charCodeAt(at);
    if (code === LINE_FEED) {
      // Mix the last characters into all bits.
      high = Math.imul(high ^ (high >>> 16), 0x85ebca6b);
      low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
      add(((high ^ (low >>> 15)) >>> 11) * 4_294_967_296 + ((low ^ (high >>> 16)) >>> 0));
      high = 0x811c9dc5;
      low = 0x1b873593;
      blank = false;
      continue;
    }
    const isBlank = code === SPACE || code === TAB;
    if (isBlank && blank) continue;
    blank = isBlank;
    const own = isBlank ? SPACE : code;
    high = Math.imul(high ^ own, 0x01000193);
    low = Math.imul(low ^ own, 0x5bd1e995);
    low = (low << 13) | (low >>> 19);
  }
}

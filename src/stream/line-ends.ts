const LINE_FEED = 0x0a;
const MAX_LINES = 16 * 1024;
/** Below this, a byte is looked at sooner than a search is begun. */
const SHORT = 24;

/**
 * Where the lines end that were found last: one behind each line feed. One array for all, since each user is done with it before another begins: a filter that waits
 * for its log holds nothing.
 */
export const lineEnds = new Int32Array(MAX_LINES);

/**
 * Finds the ends of whole lines from `from` on, into {@link lineEnds}.
 *
 * @param maxBytes the longest line, without its line feed.
 * @param blockBytes no line is begun behind as many bytes.
 * @returns how many: up to the first line that is longer, or as many as the array takes.
 */
export function findLineEnds(bytes: Buffer, from: number, maxBytes: number, blockBytes: number): number {
  let count = 0;
  for (let start = from; count < MAX_LINES && start - from < blockBytes; count += 1) {
    const feed = nextFeed(bytes, start);
    if (feed === -1 || feed - start > maxBytes) break;
    start = feed + 1;
    lineEnds[count] = start;
  }
  return count;
}

/** Where the next line feed is, or -1. Quick for short lines too. */
function nextFeed(bytes: Buffer, from: number): number {
  const near = Math.min(from + SHORT, bytes.length);
  for (let at = from; at < near; at += 1) if (bytes[at] === LINE_FEED) return at;
  return bytes.indexOf(LINE_FEED, near);
}

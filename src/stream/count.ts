/** What has passed. */
export interface Count {
  readonly bytes: number;
  /** Line feeds, plus one for a last line without one. */
  readonly lines: number;
  /** Passes a source on and counts it. */
  through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

const LINE_FEED = 0x0a;

/** Counts the bytes and lines of what passes through it, over all the sources that do. */
export function createCount(): Count {
  let bytes = 0;
  let feeds = 0;
  let unfinished = false;
  return {
    get bytes() {
      return bytes;
    },
    get lines() {
      return feeds + (unfinished ? 1 : 0);
    },
    async *through(source) {
      for await (const piece of source) {
        if (piece.length > 0) {
          bytes += piece.length;
          feeds += countFeeds(piece);
          unfinished = piece[piece.length - 1] !== LINE_FEED;
        }
        yield piece;
      }
    },
  };
}

/** How many line feeds there are. */
export function countFeeds(piece: Uint8Array): number {
  // Buffer's indexOf is five times as fast as Uint8Array's.
  const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  let feeds = 0;
  for (let at = buffer.indexOf(LINE_FEED); at !== -1; at = buffer.indexOf(LINE_FEED, at + 1)) feeds += 1;
  return feeds;
}

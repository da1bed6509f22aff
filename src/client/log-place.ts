import type { LogChunk } from "./log-event.ts";

const LINE_FEED = 10;

/** How far a log was read: what its reader has taken, and where to go on. */
export interface LogPlace {
  /** Goes on behind all that was taken; empty from the beginning, and where that is not possible. */
  readonly cursor: string;
  /** Whether the log can go on from here: by the cursor, or since nothing was taken yet. */
  readonly resumable: boolean;
  /** Bytes taken. */
  readonly bytes: number;
  /** Lines taken; the last one counts without its line feed too. */
  readonly lines: number;
  /** The number of the line that comes next, or goes on; 0 where that is not known. */
  readonly nextLine: number;
  /** Notes that the reader has taken a piece. */
  take(chunk: LogChunk): void;
  /** Notes a newer cursor. Returns whether it is one. */
  move(cursor: string): boolean;
}

/** @param start the cursor of the request; empty where it has none. */
export function createLogPlace(start: string): LogPlace {
  let cursor = start;
  let resumable = true;
  let bytes = 0;
  let lineFeeds = 0;
  let unfinished = false;
  let nextLine = 0;
  return {
    get cursor() {
      return resumable ? cursor : "";
    },
    get resumable() {
      return resumable;
    },
    get bytes() {
      return bytes;
    },
    get lines() {
      return lineFeeds + (unfinished ? 1 : 0);
    },
    get nextLine() {
      return nextLine;
    },
    take(chunk) {
      const ended = countLineFeeds(chunk.bytes);
      bytes += chunk.bytes.length;
      lineFeeds += ended;
      unfinished = chunk.bytes.at(-1) !== LINE_FEED;
      const last = chunk.runs.at(-1);
      if (last !== undefined) nextLine = last.firstLine + last.count - (unfinished ? 1 : 0);
      else nextLine = chunk.firstLine === 0 ? 0 : chunk.firstLine + ended;
      // An older cursor would bring this piece again.
      resumable = false;
      if (chunk.cursor !== "") this.move(chunk.cursor);
    },
    move(newer) {
      if (newer === "" || (resumable && newer === cursor)) return false;
      cursor = newer;
      resumable = true;
      return true;
    },
  };
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

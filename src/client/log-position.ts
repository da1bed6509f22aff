import type { LogChunk } from "./log-event.ts";

const LINE_FEED = 10;

/** How far a log has been read: what the reader has received, and where to resume. */
export interface LogPosition {
  /** The cursor after everything received. Empty at the beginning, and where the log cannot be resumed. */
  readonly cursor: string;
  /** Whether the log can be resumed here: by the cursor, or because nothing has been received yet. */
  readonly resumable: boolean;
  /** Bytes received. */
  readonly bytes: number;
  /** Lines received, including a last one without a line feed. */
  readonly lines: number;
  /** The number of the next line, or of the partial line that the log continues; 0 if unknown. */
  readonly nextLine: number;
  /** Records that the reader has received a chunk. */
  take(chunk: LogChunk): void;
  /** Records a newer cursor. An empty one changes nothing. */
  setCursor(cursor: string): void;
}

/** @param start the request's cursor; empty if it has none. */
export function createLogPosition(start: string): LogPosition {
  let cursor = start;
  let resumable = true;
  let bytes = 0;
  let lineFeeds = 0;
  let isPartial = false;
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
      return lineFeeds + (isPartial ? 1 : 0);
    },
    get nextLine() {
      return nextLine;
    },
    take(chunk) {
      const ended = countLineFeeds(chunk.bytes);
      bytes += chunk.bytes.length;
      lineFeeds += ended;
      isPartial = chunk.bytes.at(-1) !== LINE_FEED;
      const last = chunk.runs.at(-1);
      if (last !== undefined) nextLine = last.firstLine + last.count - (isPartial ? 1 : 0);
      else nextLine = chunk.firstLine === 0 ? 0 : chunk.firstLine + ended;
      // An older cursor would bring this chunk again.
      resumable = false;
      this.setCursor(chunk.cursor);
    },
    setCursor(newer) {
      if (newer === "") return;
      cursor = newer;
      resumable = true;
    },
  };
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

import type { LineTimes } from "../stream/line-times.ts";
import type { Place } from "./place.ts";

/** A piece of a log's text. */
export interface TextPiece {
  /** Valid UTF-8, at most about 256 KiB, cut between characters. */
  readonly bytes: Uint8Array;
  /** When the lines that begin in it were written, if the source has times. */
  readonly times: LineTimes | undefined;
  /** Where to read on behind it. */
  readonly after: Place;
  /** Whether lines before it are missing because the source dropped them. */
  readonly lost: boolean;
  /** What else is missing before it, in one sentence. Then `bytes` may be empty. */
  readonly missing?: string;
}

/** A log that is being read, as text. Read it to its end, or close it. */
export interface LogText {
  /** Whether its end proves that it is complete. */
  readonly delimited: boolean;
  readonly mediaType: string | undefined;
  /** The encoding that it is decoded from, known after the first piece. `undefined`: UTF-8. */
  readonly decodedFrom: string | undefined;
  /** Whether bytes that could not be decoded were replaced by U+FFFD. */
  readonly replaced: boolean;
  /**
   * Reads the next piece; `undefined` at the end. One call at a time.
   *
   * @throws what the source and the decompression throw, after everything that came before it.
   */
  next(): Promise<TextPiece | undefined>;
  /** Puts back the end of the last piece: the next read returns it. */
  putBack(piece: TextPiece): void;
  /** Ends the request behind it: a pending read returns `undefined`. Can be called again. */
  close(): void;
}

/** Where in its log a text begins. */
export interface TextStart {
  readonly place: Place;
  /** The number of the line that it begins in. `undefined`: the line of the position that was asked for. */
  readonly line?: number | undefined;
  /** The first line that was requested, if the text begins before it. */
  readonly firstWanted?: number | undefined;
  /** Whether the number of lines before it is unknown. */
  readonly relative: boolean;
  /** Bytes of text before it. `undefined`: unknown. */
  readonly offset: number | undefined;
  /** Whether the beginning of its first line is missing. */
  readonly cut?: boolean;
}

/** A text, and where it begins. */
export interface StartedText {
  readonly text: LogText;
  readonly start: TextStart;
}

/** About 256 KiB: a client reads a message of this size at once. */
export const PIECE_BYTES = 255 * 1024;

/**
 * Pieces begin small and double: so a connection that is cut again and again still makes progress, and the first lines
 * come soon.
 */
export const FIRST_PIECE_BYTES = 16 * 1024;

/** Thrown if a log does not have a place: it was replaced by another log, or truncated. */
export class LogReplaced extends Error {
  constructor() {
    super("The log is not the one that was read before, or is shorter.");
    this.name = "LogReplaced";
  }
}

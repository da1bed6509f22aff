import type { LineTimes } from "../stream/line-times.ts";
import type { Place } from "./place.ts";

/** A piece of a log's text. */
export interface TextPiece {
  /** Valid UTF-8, at most about 256 KiB, cut between characters. */
  readonly bytes: Uint8Array;
  /** When the lines that begin in it were written. Only where the source tells times. */
  readonly times: LineTimes | undefined;
  /** Where one may read on behind it. */
  readonly after: Place;
  /** Whether lines before it are missing, which the source has dropped. */
  readonly lost: boolean;
}

/** A log that is being read, as text. Whoever has one closes it, or reads it to its end. */
export interface LogText {
  /** Whether its end proves that this is all that the source has. */
  readonly delimited: boolean;
  readonly mediaType: string | undefined;
  /** The encoding it is decoded from, once something has come of it. `undefined`: UTF-8. */
  readonly decodedFrom: string | undefined;
  /** Whether something of it could not be decoded, and was replaced by U+FFFD. */
  readonly replaced: boolean;
  /**
   * Reads the next piece; `undefined` at the end. For one caller at a time.
   *
   * @throws what the source and the decompression throw, after all that came before it.
   */
  next(): Promise<TextPiece | undefined>;
  /** Has the next read give this piece, the end of the one that was read last. */
  putBack(piece: TextPiece): void;
  /** Ends the request behind it: a read that is under way ends too, with `undefined`. May be called again. */
  close(): void;
}

/** Where in its log a text begins. */
export interface TextStart {
  readonly place: Place;
  /** The number of the line in which it begins, where reading it has told; else it is what whoever asked for the place knows. */
  readonly line?: number | undefined;
  /** The first line that is wanted, where the text begins before it. */
  readonly firstWanted?: number | undefined;
  /** Whether the number of lines before it is not known. */
  readonly relative: boolean;
  /** Bytes of text before it, where that is known. */
  readonly offset: number | undefined;
  /** Whether the beginning of its first line is missing. */
  readonly cut?: boolean;
}

/** A text, and where it begins. */
export interface StartedText {
  readonly text: LogText;
  readonly start: TextStart;
}

/** About 256 KiB: a message with it is one read of a client's. */
export const PIECE_BYTES = 255 * 1024;

/**
 * Pieces begin small and double, so that a connection that is cut again and again still gets some text across, and the first
 * lines are there soon.
 */
export const FIRST_PIECE_BYTES = 16 * 1024;

/** Thrown where a log does not have a place (any more): another log is there instead, or less of it. */
export class LogReplaced extends Error {
  constructor() {
    super("The log is not the one that was read before, or is shorter.");
    this.name = "LogReplaced";
  }
}

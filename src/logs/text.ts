import type { Place } from "./place.ts";

/** Where a line begins in a text, and its time, as in `LineTimes`. */
export interface LineTime {
  readonly at: number;
  readonly time: string;
}

/** A piece of a log's text: valid UTF-8, at most about 256 KiB, cut between characters. */
export interface TextPiece {
  readonly bytes: Uint8Array;
  /** For each line that begins in it, where and when. Only where the source tells times. */
  readonly times?: readonly LineTime[] | undefined;
  /** Where one may read on behind it. */
  readonly after: Place;
  /** Whether lines are missing before it, which the source has dropped. */
  readonly lost?: boolean | undefined;
}

/** A log that is being read, as text. */
export interface LogText {
  readonly pieces: AsyncIterable<TextPiece>;
  /** Where the text begins. */
  readonly begin: Place;
  /** The number of the line in which the text begins, where reading it has told; else it is what whoever asked for the place knows. */
  readonly line?: number | undefined;
  /** The first line that is wanted, where the text begins before it. */
  readonly from?: number | undefined;
  /** Whether the text begins where nothing tells how many lines lie before it. */
  readonly relative: boolean;
  /** Bytes of text before it; absent where that is not known. */
  readonly offset: number | undefined;
  /** Whether its end proves that this is all that the source has. */
  readonly delimited: boolean;
  readonly mediaType: string | undefined;
}

/** Thrown where a log has no such place (any more): another one is in its place, or less of it. */
export class LogReplaced extends Error {
  constructor() {
    super("The log is not the one that was read before, or is shorter.");
    this.name = "LogReplaced";
  }
}

import type { Position } from "./position.ts";
import type { LineTime } from "./text.ts";
import type { ContainerView } from "./view.ts";

/** What reading one container's log tells. */
export type LogEvent =
  /** A source has begun to answer: at first, and each time the log goes on elsewhere. */
  | {
      readonly kind: "opened";
      readonly view: ContainerView;
      readonly source: string;
      readonly live: boolean;
      /** Whether the source tells the times of lines. */
      readonly timed: boolean;
      readonly relative: boolean;
      /** Whether it is the log of the container's run before its last restart. */
      readonly previous: boolean;
    }
  | LogPiece
  | PassedLines
  /** Some bytes of what follows are no text, and were replaced. */
  | { readonly kind: "bytes-replaced" }
  | { readonly kind: "notice"; readonly notice: LogNotice; readonly message: string }
  /** The log came to an end of its own. */
  | { readonly kind: "end"; readonly reason: "complete" | "caught-up" | "source-ended"; readonly headMissing: boolean };

/** A piece of the log. */
export interface LogPiece {
  readonly kind: "text";
  /** Valid UTF-8, at most about 256 KiB, cut between characters. */
  readonly bytes: Uint8Array;
  /** For each line that begins in it. Only where the source tells times. */
  readonly times: readonly LineTime[] | undefined;
  /** The number of the line in which it begins. */
  readonly line: number;
  /** How many bytes of the log's text lie before it, where that is known. */
  readonly offset: number | undefined;
  readonly mediaType: string | undefined;
  /** Where one would read to get this piece, and where one would read on. */
  readonly before: Position;
  readonly after: Position;
}

/** Lines before the first one that is wanted: nothing of them is told. */
export interface PassedLines {
  readonly kind: "passed";
  readonly bytes: number;
  /** Where one would read on. */
  readonly after: Position;
}

export type LogNotice =
  | "waiting"
  | "source-changed"
  | "seam"
  | "lines-lost"
  | "head-missing"
  | "log-replaced"
  | "decoded"
  | "pod-changed"
  | "run-deleted";

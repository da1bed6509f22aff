import type { LineTimes } from "../stream/line-times.ts";
import type { Position } from "./position.ts";
import type { ContainerView } from "./view.ts";

/** What reading one container's log tells. */
export type ContainerEvent =
  /** A source has begun to answer: at first, and each time the log is read on elsewhere. */
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
  | { readonly kind: "notice"; readonly notice: ContainerNotice; readonly message: string }
  /** The log came to an end of its own. */
  | { readonly kind: "end"; readonly reason: "complete" | "caught-up" | "source-ended" };

/** A piece of the log. */
export interface LogPiece {
  readonly kind: "text";
  /** Valid UTF-8, at most about 256 KiB, cut between characters. */
  readonly bytes: Uint8Array;
  /** When the lines that begin in it were written. Only where the source tells times. */
  readonly times: LineTimes | undefined;
  /** The number of the line in which it begins. */
  readonly line: number;
  /** How many lines end in it. */
  readonly lineFeeds: number;
  /** How many bytes of the log's text lie before it, where that is known. */
  readonly offset: number | undefined;
  readonly mediaType: string | undefined;
  /** Where one would read to get this piece, and where one would read on. */
  readonly before: Position;
  readonly after: Position;
}

/** Lines before the first one that is wanted: nothing of them is sent. */
export interface PassedLines {
  readonly kind: "passed";
  readonly bytes: number;
  /** Where one would read on. */
  readonly after: Position;
}

export type ContainerNotice =
  | "waiting"
  | "source-changed"
  | "seam"
  | "lines-lost"
  | "log-replaced"
  | "decoded"
  | "bytes-replaced"
  | "pod-changed"
  | "run-deleted"
  | "line-cut"
  | "polling";

import type { Failure } from "../failure.ts";
import type { LineTimes } from "../stream/line-times.ts";
import type { Position } from "./position.ts";
import type { ContainerView } from "./view.ts";

/** What a container's reader returns. */
export type ContainerEvent =
  /** A source has begun to respond: the first one, or another one with which the log continues. */
  | {
      readonly kind: "opened";
      readonly view: ContainerView;
      readonly source: string;
      readonly live: boolean;
      /** Whether the source has the times of lines. */
      readonly timed: boolean;
      readonly relative: boolean;
      /** Whether it is the log of the container's run before its last restart. */
      readonly previous: boolean;
    }
  | LogPiece
  | PassedLines
  | {
      readonly kind: "notice";
      readonly notice: ContainerNotice;
      readonly message: string;
      /** With `source-changed` and `seam`: the source in which the log continues. */
      readonly source?: string;
    }
  /** The log has ended by itself. */
  | { readonly kind: "end"; readonly reason: "complete" | "caught-up" | "source-ended" }
  /** The rest of it is damaged. */
  | { readonly kind: "end"; readonly reason: "source-damaged"; readonly failure: Failure };

/** A piece of the log. */
export interface LogPiece {
  readonly kind: "text";
  /** Valid UTF-8, at most about 256 KiB, cut between characters. */
  readonly bytes: Uint8Array;
  /** When the lines that begin in it were written, if the source has times. */
  readonly times: LineTimes | undefined;
  /** The number of the line in which it begins. */
  readonly line: number;
  /** How many lines end in it. */
  readonly lineFeeds: number;
  /** How many bytes of the log's text lie before it. `undefined`: unknown. */
  readonly offset: number | undefined;
  readonly mediaType: string | undefined;
  /** Where to read to get this piece, and where to read on. */
  readonly before: Position;
  readonly after: Position;
}

/** Lines before the first one that was requested: they are not sent. Without bytes: a tail begins here. */
export interface PassedLines {
  readonly kind: "passed";
  readonly bytes: number;
  /** Where to read on. */
  readonly after: Position;
}

export type ContainerNotice =
  | "waiting"
  | "source-changed"
  | "moved"
  | "seam"
  | "lines-lost"
  | "log-replaced"
  | "decoded"
  | "looks-like-page"
  | "looks-like-answer"
  | "bytes-replaced"
  | "pod-changed"
  | "pod-ended"
  | "run-deleted"
  | "line-cut"
  | "polling";

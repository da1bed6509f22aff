import type { Failure } from "../failure.ts";
import type { LineRun } from "../stream/filtered-text.ts";
import type { EndReasonName } from "./end-reason.ts";
import type { LogNotice } from "./event.ts";
import type { AttemptView, ContainerView } from "./view.ts";

/** Makes the cursor that goes on behind a frame. */
export type CursorOf = () => string;

/** A piece of a log stream, before it is known on which wire it goes out. */
export type LogFrame =
  | {
      readonly kind: "origin";
      readonly view: AttemptView;
      /** Absent where all containers are read. */
      readonly container: ContainerView | undefined;
      /** The source that answers. */
      readonly source: string;
      readonly live: boolean;
      /** Whether lines are counted from where the log was begun to be read. */
      readonly relative: boolean;
      /** Whether it is the log of the container's run before its last restart. */
      readonly previous: boolean;
    }
  | LogChunk
  | {
      readonly kind: "notice";
      readonly notice: NoticeName;
      readonly message: string;
      readonly cursor: CursorOf | undefined;
    }
  /** Nothing to tell but that all is well, and how far the log was looked through. */
  | { readonly kind: "heartbeat"; readonly cursor: CursorOf | undefined }
  | {
      readonly kind: "end";
      readonly reason: EndReasonName;
      readonly headMissing: boolean;
      readonly lines: number;
      readonly bytes: number;
      readonly scanned: number;
      /** Where there may be more. */
      readonly cursor: CursorOf | undefined;
      /** With what the call fails. Absent where the log came to a proper end. */
      readonly failure: Failure | undefined;
    };

/** A piece of the log. */
export interface LogChunk {
  readonly kind: "chunk";
  /** UTF-8, never cut inside a character. */
  readonly bytes: Uint8Array;
  readonly firstLine: number;
  /** Its lines, where some may be missing between them. */
  readonly runs: readonly LineRun[] | undefined;
  readonly offset: number | undefined;
  /** Where all containers are read. */
  readonly container: string | undefined;
  /** Where all attempts are read. */
  readonly attempt: number | undefined;
  readonly cursor: CursorOf;
}

export type NoticeName =
  | LogNotice
  | "looks-like-page"
  | "looks-like-answer"
  | "attempt-begins"
  | "attempt-left-out"
  | "attempt-stopped"
  | "no-times"
  | "container-left-out";

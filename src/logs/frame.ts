import type { Failure } from "../failure.ts";
import type { LineRun } from "../stream/line-filter-types.ts";
import type { AttemptLog } from "./attempt-logs.ts";
import type { EndReasonName } from "./end-reason.ts";
import type { ContainerNotice } from "./event.ts";
import type { AttemptView, ContainerView } from "./view.ts";

/** Makes the cursor to resume behind a frame. */
export type CursorOf = () => string;

/** A piece of a log stream, before it is encoded for a protocol. */
export type LogFrame =
  | {
      readonly kind: "origin";
      readonly view: AttemptView;
      /** `undefined` if several logs are read. */
      readonly container: ContainerView | undefined;
      /** The source that responds. */
      readonly source: string;
      readonly live: boolean;
      /** Whether lines are counted from where reading began. */
      readonly relative: boolean;
      /** Whether it is the log of the container's run before its last restart. */
      readonly previous: boolean;
    }
  | LogChunk
  | {
      readonly kind: "notice";
      readonly notice: NoticeName;
      readonly message: string;
      /** The pods that it is about, if it is about several. */
      readonly pods?: readonly string[] | undefined;
      /** The source in which the log continues, if the notice is about that. */
      readonly source?: string | undefined;
      readonly cursor: CursorOf | undefined;
    }
  /** All is well. With a cursor: the log was scanned so far. */
  | { readonly kind: "heartbeat"; readonly cursor: CursorOf | undefined }
  | {
      readonly kind: "end";
      readonly reason: EndReasonName;
      readonly headMissing: boolean;
      readonly lines: number;
      readonly bytes: number;
      readonly scanned: number;
      /** Present if there may be more. */
      readonly cursor: CursorOf | undefined;
      /** What the call fails with. `undefined` if the log came to a proper end. */
      readonly failure: Failure | undefined;
    };

/** A piece of the log. */
export interface LogChunk {
  readonly kind: "chunk";
  /** UTF-8, never cut inside a character. */
  readonly bytes: Uint8Array;
  readonly firstLine: number;
  /** Its lines, if some may be missing between them. */
  readonly runs: readonly LineRun[] | undefined;
  readonly offset: number | undefined;
  /** Present if several logs are read. */
  readonly container: string | undefined;
  /** Present if all pods are read, and each has a log. */
  readonly pod?: AttemptLog["pod"];
  /** Present if all attempts are read. */
  readonly attempt: number | undefined;
  readonly cursor: CursorOf;
}

export type NoticeName =
  | ContainerNotice
  | "log-damaged"
  | "looks-like-page"
  | "looks-like-answer"
  | "attempt-begins"
  | "attempt-left-out"
  | "attempt-stopped"
  | "no-times"
  | "no-line-times"
  | "container-left-out"
  | "pods-left-out";

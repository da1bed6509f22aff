import type { Failure } from "../failure.ts";
import type { Run } from "../runs/run.ts";
import type { Selection } from "../runs/selection.ts";

/** A piece of a log stream, before it is known on which wire it goes out. */
export type LogFrame =
  | {
      readonly kind: "origin";
      readonly run: Run;
      readonly selection: Selection;
      /** The pods of the attempt's Job that the cluster still knows, oldest first. */
      readonly podNames: readonly string[];
      /** The source that answers. */
      readonly source: string;
      readonly live: boolean;
      /** Whether it is the log of the container's run before its last restart. */
      readonly previous: boolean;
    }
  /** UTF-8, never cut inside a character. */
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "notice"; readonly notice: "looks-like-page" | "bytes-replaced"; readonly message: string }
  | {
      readonly kind: "end";
      readonly reason: EndReasonName;
      readonly lines: number;
      readonly bytes: number;
      /** With what the call fails. Absent where the log came to a proper end. */
      readonly failure: Failure | undefined;
    };

export type EndReasonName =
  | "complete"
  | "caught-up"
  | "source-ended"
  | "source-failed"
  | "source-stalled"
  | "server-limit-reached"
  | "server-shutdown";

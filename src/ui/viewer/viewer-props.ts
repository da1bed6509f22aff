import type { ReactNode, Ref } from "react";
import type { End, Origin } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { LogState } from "../../client/log-state.ts";
import type { LineRange } from "./store/line-names.ts";
import type { LogRequest } from "./store/log-reader.ts";
import type { ViewState } from "./view-state.ts";
import type { ViewerText } from "./viewer-text.ts";

/** The state of a log so far. */
export interface LogViewerSummary {
  readonly state: LogState;
  readonly origin: Origin | undefined;
  /** The source that is being read now; empty if that is unknown. */
  readonly source: string;
  /** The first line whose severity is error. */
  readonly firstError: { readonly line: number; readonly text: string; readonly why: string } | undefined;
  readonly errors: number;
  /** The number of the error that is the current line, counted from 1; 0: none is. */
  readonly errorAt: number;
  readonly warnings: number;
  readonly lines: number;
  /** Bytes of the log that have arrived. */
  readonly bytes: number;
  readonly end: End | undefined;
  /** Set if the store sent a web page (`page`) or a JSON document (`answer`) instead of a log. */
  readonly looksLike: "page" | "answer" | undefined;
  /** The error of a failed call, else `undefined`. The lines that arrived stay. */
  readonly error: unknown;
}

export interface LogViewerProps {
  /** Reads the log: any object with this method of the client library. */
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  /** Which log. A new object starts from the beginning. */
  readonly request: LogRequest;
  /** When lines were written at the latest, RFC 3339 in UTC, for times without a year. Default: these have no date. */
  readonly latest?: string | undefined;
  /** Whether the job is running: follows the log, and keeps the view at its end until the user scrolls or selects. */
  readonly follow: boolean;
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  /** The lines that the page's address names. `first-error`: the first error, once there is one. */
  readonly lines: LineRange | "first-error" | undefined;
  readonly onLines: (lines: LineRange | undefined) => void;
  /** Called with the log's state, at most once per frame. */
  readonly onSummary?: (summary: LogViewerSummary) => void;
  /** Whether single-key shortcuts are on (WCAG 2.1.4). Default: yes. */
  readonly keys?: boolean;
  /** Whether `?` lists the viewer's keys. Default: yes. Set to false if the page lists them itself. */
  readonly listsKeys?: boolean;
  /** The address of lines, for "Copy link". Default: the page's own, with the lines in its hash. */
  readonly linkTo?: (lines: LineRange | undefined) => string;
  /** The address for downloading the whole log. Default: no download. */
  readonly downloadHref?: string;
  /** The log's name for screen readers. Default: "Log" in the viewer's language. */
  readonly label?: string;
  /** Bytes of memory for the log; of a larger one, the beginning and end are kept. Default: 1 GiB, 64 MiB on phones. */
  readonly memory?: number;
  /** Bytes of memory above which the viewer warns. Default: 256 MB. */
  readonly memoryWarning?: number;
  /** All texts; `VIEWER_TEXT` is English. */
  readonly text: ViewerText;
  readonly ref?: Ref<LogViewerHandle>;
}

/** The viewer's functions that a page can call. */
export interface LogViewerHandle {
  nextError(): void;
  previousError(): void;
  /** Focuses the search field. */
  find(): void;
  /** Goes to the end, and follows it while the job is running. */
  toEnd(): void;
  /** Resumes the log after the stream has ended or failed. */
  again(): void;
  focus(): void;
}

/** One of the two logs in a comparison. */
export interface ComparedLog {
  /** Its heading. */
  readonly title: ReactNode;
  /** Which log. A new object starts from the beginning. */
  readonly request: LogRequest;
  /** See `LogViewerProps.latest`. */
  readonly latest?: string | undefined;
}

/** `view.only`: only differences, with `view.ctx` lines around each (0: three). */
export interface CompareViewerProps
  extends Pick<
    LogViewerProps,
    | "client"
    | "view"
    | "onView"
    | "lines"
    | "onLines"
    | "onSummary"
    | "keys"
    | "listsKeys"
    | "linkTo"
    | "text"
    | "memory"
  > {
  /** The older log. */
  readonly left: ComparedLog;
  readonly right: ComparedLog;
  /** The log that is open, which lines, links and the summary refer to. Default: the right one. */
  readonly main?: "left" | "right";
  /** A control for choosing the log to compare with. */
  readonly chooser?: ReactNode;
  readonly onClose: () => void;
  readonly ref?: Ref<LogViewerHandle>;
}

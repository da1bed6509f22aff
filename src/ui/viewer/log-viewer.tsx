import { type Ref, useRef } from "react";
import type { End, Origin } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { LogState } from "../../client/log-state.ts";
import { usualMemory } from "./device-memory.ts";
import { OpenViewer } from "./open-viewer.tsx";
import type { LineRange } from "./store/line-range.ts";
import type { LogRequest } from "./store/log-reader.ts";
import { useLog } from "./use-log.ts";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

/** What is known of a log so far. */
export interface LogViewerSummary {
  readonly state: LogState;
  readonly origin: Origin | undefined;
  /** The first line that says it is an error. */
  readonly firstError: { readonly line: number; readonly text: string; readonly why: string } | undefined;
  readonly errors: number;
  readonly warnings: number;
  readonly lines: number;
  /** Bytes of the log that have come. */
  readonly bytes: number;
  readonly end: End | undefined;
  /** Set where the store says that this is no log: a web page, or one JSON document in place of it. */
  readonly looksLike: "page" | "answer" | undefined;
  /** What the call failed with; `undefined`: it has not. Lines that came stay. */
  readonly error: unknown;
}

export interface LogViewerProps {
  /** What logs are read from: the client library's method alone. */
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  /** Which log. Another object begins anew. */
  readonly request: LogRequest;
  /** Whether the job is live: new lines are waited for, and the view stays at the end until it is touched. */
  readonly follow: boolean;
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  /** The lines that the address names. `first-error`: the first error, once there is one. */
  readonly lines: LineRange | "first-error" | undefined;
  readonly onLines: (lines: LineRange | undefined) => void;
  /** Told what is known, at most once a frame. */
  readonly onSummary?: (summary: LogViewerSummary) => void;
  /** Whether single keys do something (WCAG 2.1.4). Default: yes. */
  readonly keys?: boolean;
  /** Whether `?` lists the viewer's keys. Default: yes; no, where the page lists them with its own. */
  readonly listsKeys?: boolean;
  /** The address of lines, for "Copy link". Default: the page's own, with the lines in its hash. */
  readonly linkTo?: (lines: LineRange | undefined) => string;
  /** Where the whole log can be downloaded. Default: nowhere. */
  readonly downloadHref?: string;
  /** What the log is called, for screen readers. Default: "Log", in the viewer's language. */
  readonly label?: string;
  /** Bytes of memory for the log; of more, the beginning and the end are kept. Default: 1 GiB, 64 MiB on phones. */
  readonly memory?: number;
  /** Bytes of memory from which a reader is told that the log takes so many. Default: 256 MB. */
  readonly memoryWarning?: number;
  /** All words, as `VIEWER_TEXT` has them in English. */
  readonly text: ViewerText;
  readonly ref?: Ref<LogViewerHandle>;
}

/** What a page can have the viewer do. */
export interface LogViewerHandle {
  nextError(): void;
  previousError(): void;
  /** Puts the focus into the field that finds. */
  find(): void;
  /** Goes to the end, and follows it where the job is live. */
  toEnd(): void;
  /** Reads on behind what is there, after the stream has ended or failed. */
  again(): void;
  focus(): void;
}

/** Shows a log of any length as it comes: finds, filters, folds and links its lines. */
export function LogViewer(props: LogViewerProps) {
  const { client, request, follow } = props;
  const memory = useRef(props.memory ?? usualMemory());
  const log = useLog({ client, request, follow, memory: props.memory ?? memory.current });
  if (log === undefined) return <div className={css.viewer} />;
  return <OpenViewer key={log.id} {...props} log={log} revision={log.signal.version} />;
}

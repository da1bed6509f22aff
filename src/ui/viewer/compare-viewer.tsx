import { type ReactNode, type Ref, useRef } from "react";
import { OpenComparison } from "./compare/open-comparison.tsx";
import { usualMemory } from "./device-memory.ts";
import type { LogViewerHandle, LogViewerProps } from "./log-viewer.tsx";
import type { LogRequest } from "./store/log-reader.ts";
import { useLog } from "./use-log.ts";
import css from "./viewer.module.css";

/** One of two logs that are compared. */
export interface ComparedLog {
  /** What it is called, at its head. */
  readonly title: ReactNode;
  /** Which log. Another object begins anew. */
  readonly request: LogRequest;
}

/** `view.only`: only differences, with `view.ctx` lines around each (0: three). What else stands in the view is not looked at: long lines are wrapped. */
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
  /** What the log is compared with. */
  readonly left: ComparedLog;
  /** The log itself: lines, links and the summary are of this one. */
  readonly right: ComparedLog;
  /** Something to choose by what the log is compared with. */
  readonly chooser?: ReactNode;
  readonly onClose: () => void;
  /** `find` puts the focus to the lines: nothing is found in two logs at once. */
  readonly ref?: Ref<LogViewerHandle>;
}

/**
 * Shows two logs side by side, equal lines beside one another. Times, durations, ids and hashes do not count. Live logs are read as far as they have been written;
 * each log may take half of `memory`.
 */
export function CompareViewer(props: CompareViewerProps) {
  const { client, left, right } = props;
  const usual = useRef(usualMemory());
  const memory = (props.memory ?? usual.current) / 2;
  const one = useLog({ client, request: left.request, follow: false, memory });
  const other = useLog({ client, request: right.request, follow: false, memory });
  if (one === undefined || other === undefined) return <div className={css.viewer} />;
  return (
    <OpenComparison
      key={`${one.id} ${other.id}`}
      {...props}
      logs={[one, other]}
      revisions={[one.signal.version, other.signal.version]}
    />
  );
}

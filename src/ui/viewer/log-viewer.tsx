import { useRef } from "react";
import { OpenViewer } from "./open-viewer.tsx";
import { defaultMemory, useLog } from "./use-log.ts";
import css from "./viewer.module.css";
import type { LogViewerProps } from "./viewer-props.ts";

/** Shows a log of any length as it arrives: finds, filters, folds and links its lines. */
export function LogViewer(props: LogViewerProps) {
  const { client, request, follow, latest } = props;
  const memory = useRef(props.memory ?? defaultMemory());
  const log = useLog({ client, request, follow, latest, memory: props.memory ?? memory.current });
  if (log === undefined) return <div className={css.viewer} />;
  return <OpenViewer key={log.id} {...props} log={log} revision={log.signal.version} />;
}

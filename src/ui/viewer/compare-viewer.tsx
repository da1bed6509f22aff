import { useRef } from "react";
import { OpenComparison } from "./compare/open-comparison.tsx";
import { defaultMemory, useLog } from "./use-log.ts";
import css from "./viewer.module.css";
import type { CompareViewerProps } from "./viewer-props.ts";

/**
 * Shows two logs side by side, with equal lines next to each other. Times, durations, IDs and hashes are ignored. Live
 * logs are read as far as they have been written. Each log may use half of `memory`.
 */
export function CompareViewer(props: CompareViewerProps) {
  const { client, left, right } = props;
  const byDefault = useRef(defaultMemory());
  const memory = (props.memory ?? byDefault.current) / 2;
  const one = useLog({ client, request: left.request, latest: left.latest, follow: false, memory });
  const other = useLog({ client, request: right.request, latest: right.latest, follow: false, memory });
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

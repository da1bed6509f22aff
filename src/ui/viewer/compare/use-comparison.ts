import { useEffect, useState, useSyncExternalStore } from "react";
import { systemTimer } from "../../../client/timer.ts";
import { createFrameSignal, type FrameSignal } from "../frame-signal.ts";
import type { OpenLog } from "../use-log.ts";
import { openComparePort } from "../worker-ports.ts";
import { type Comparison, type ComparisonState, createComparison } from "./comparison.ts";

const READING: ComparisonState = { kind: "reading" };
const NEVER: FrameSignal["subscribe"] = () => () => {};

/** Compares two logs while they are read, and again where one of them begins anew. */
export function useComparison(left: OpenLog | undefined, right: OpenLog | undefined): ComparisonState {
  const [opened, setOpened] = useState<{ readonly comparison: Comparison; readonly signal: FrameSignal }>();
  const leftStore = left?.reader.store;
  const rightStore = right?.reader.store;
  useEffect(() => {
    if (leftStore === undefined || rightStore === undefined) return;
    const signal = createFrameSignal();
    const options = { openPort: openComparePort, timer: systemTimer, changed: signal.raise };
    const comparison = createComparison({ left: leftStore, right: rightStore, ...options });
    setOpened({ comparison, signal });
    return () => {
      comparison.close();
      signal.close();
      setOpened(undefined);
    };
  }, [leftStore, rightStore]);
  useSyncExternalStore(opened?.signal.subscribe ?? NEVER, () => opened?.signal.version ?? 0);
  const isOver = isEnded(left) && isEnded(right);
  const revision = `${left?.signal.version} ${right?.signal.version}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the logs.
  useEffect(() => opened?.comparison.goOn(isOver), [opened, isOver, revision]);
  return opened?.comparison.state ?? READING;
}

function isEnded(log: OpenLog | undefined): boolean {
  return log?.reader.progress.state.kind === "ended";
}

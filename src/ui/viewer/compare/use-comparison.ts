import { useEffect, useState, useSyncExternalStore } from "react";
import { systemTimer } from "../../../client/sleep.ts";
import { createFrameSignal, type FrameSignal } from "../frame-signal.ts";
import type { OpenLog } from "../use-log.ts";
import { openComparePort } from "../worker-ports.ts";
import { type Comparison, type ComparisonState, createComparison } from "./comparison.ts";

const READING: ComparisonState = { kind: "reading" };
const NEVER: FrameSignal["subscribe"] = () => () => {};

/**
 * Compares two logs while they are read, and again if one of them is restarted.
 *
 * @param revisions they change with the logs.
 */
export function useComparison(
  [left, right]: readonly [left: OpenLog, right: OpenLog],
  revisions: readonly [left: number, right: number],
): ComparisonState {
  const [opened, setOpened] = useState<{ readonly comparison: Comparison; readonly signal: FrameSignal }>();
  const leftStore = left.reader.store;
  const rightStore = right.reader.store;
  useEffect(() => {
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
  // Subscribes to the state itself: with only a snapshot of it, a discarded render could drop its change.
  const state = useSyncExternalStore(opened?.signal.subscribe ?? NEVER, () => opened?.comparison.state ?? READING);
  const isOver = [left, right].every(({ reader }) => reader.progress.state.kind === "ended");
  const revision = revisions.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of the logs.
  useEffect(() => opened?.comparison.update(isOver), [opened, isOver, revision]);
  return state;
}

import type { Pod } from "./pod.ts";
import { firstFailed, podEnd } from "./pod-cause.ts";

/** The pod that explains an attempt, and those that ran beside it. */
export interface PodChoice {
  readonly pod: Pod;
  /** Whether it failed, before any that ran beside it. */
  readonly failed: boolean;
  /** It and those that ran side by side with it: a Job may run several at once. */
  readonly beside: readonly Pod[];
}

/**
 * Chooses among a Job's pods: of retries the newest; of pods that ran side by side the one that failed first, since the
 * Job then deletes the others.
 *
 * @param pods oldest first.
 * @returns `undefined` without pods.
 */
export function explainingPod(pods: readonly Pod[]): PodChoice | undefined {
  const newest = pods.at(-1);
  if (newest === undefined) return undefined;
  const beside = sideBySide(pods);
  if (beside.length === 1) return { pod: newest, failed: false, beside };
  const [first] = beside
    .filter(hasFailedPod)
    .sort((a, b) => Number(wasDeleted(a)) - Number(wasDeleted(b)) || endOf(a) - endOf(b));
  return { pod: first ?? newest, failed: first !== undefined, beside };
}

/** How many of the pods that ran side by side failed by themselves: a Job that fails deletes the others. */
export function failedCount(beside: readonly Pod[]): number {
  return beside.filter((pod) => hasFailedPod(pod) && !wasDeleted(pod)).length;
}

/** A Job creates pods that run side by side at once, and waits for ten seconds or longer before it tries again. */
const AT_ONCE_MS = 2_000;

/** Whether two pods of a Job ran side by side: otherwise the newer one is a retry. */
export function runBeside(older: Pod, newer: Pod): boolean {
  if (older.index !== undefined && newer.index !== undefined) return older.index !== newer.index;
  return Math.abs(Date.parse(newer.createdAt) - Date.parse(older.createdAt)) <= AT_ONCE_MS;
}

function sideBySide(pods: readonly Pod[]): readonly Pod[] {
  const group: Pod[] = [];
  for (const pod of pods.toReversed()) {
    const isRetried = group.some((newer) => pod.index !== undefined && newer.index === pod.index);
    if (!isRetried && (group.length === 0 || group.some((newer) => runBeside(pod, newer)))) group.unshift(pod);
  }
  return group;
}

/** Whether a pod failed, or one of its containers did. */
export function hasFailedPod(pod: Pod): boolean {
  return pod.phase === "Failed" || firstFailed(pod) !== undefined;
}

/** Whether a pod was deleted because another pod of its Job had failed, and not for a reason of its own. */
function wasDeleted(pod: Pod): boolean {
  return pod.deleted && podEnd(pod) === undefined;
}

function endOf(pod: Pod): number {
  return Date.parse(firstFailed(pod)?.endedAt ?? "") || lastEnd(pod) || Number.POSITIVE_INFINITY;
}

function lastEnd({ containers }: Pod): number | undefined {
  const ends = containers.map(({ endedAt }) => Date.parse(endedAt ?? "")).filter((each) => !Number.isNaN(each));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

import { boundedName } from "./bounds.ts";
import { type Cause, objectCause, saysStopped, unexplained } from "./cause.ts";
import { podGone } from "./job-lifetime.ts";
import type { Pod } from "./pod.ts";
import { podCause, podEnd } from "./pod-cause.ts";
import { explainingPod, failedCount } from "./pod-choice.ts";
import {
  type Attempt,
  hasEnded,
  hasFailed,
  LISTED_DRY_RUNS,
  type Metric,
  type ObjectVerdict,
  type Run,
} from "./run.ts";

/**
 * The result of a run: `none` if it ended without a verdict (inconclusive, not measurable, or stopped). `undefined` if
 * it has not ended, or contradicts itself.
 */
export type Result = "passed" | "failed" | "none" | undefined;

/** The result of a run, and what explains it. Dry-run metrics never decide. */
export interface Verdict {
  readonly result: Result;
  /**
   * The metric that decided, or was inconclusive. Of several, one that runs a Job, since its log explains. `undefined`
   * if no metric did, as in a run that passed.
   */
  readonly metric: Metric | undefined;
  /** The attempt that decided the metric. */
  readonly attempt: Attempt | undefined;
  /** `undefined` if there is nothing to explain. */
  readonly cause: Cause | undefined;
  /** The names of failed dry runs, which do not count. */
  readonly failedDryRuns: readonly string[];
}

/** Decides the result of a run, and its cause, by its object. */
export function verdictOf(run: Run): Verdict {
  const decision = decide(run);
  const { metric, result } = decision;
  const attempt = metric && decidingAttempt(metric)[0];
  const failedDryRuns = run.metrics.filter((each) => each.dryRun && hasFailed(each.phase)).map(({ name }) => name);
  return { result, metric, attempt, cause: causeOf(run, decision, attempt), failedDryRuns };
}

/** The same as a list tells it. */
export function listedVerdict(run: Run): ObjectVerdict {
  const { result, cause, failedDryRuns } = verdictOf(run);
  const listed = failedDryRuns.slice(0, LISTED_DRY_RUNS).map(boundedName);
  return { result, cause, failedDryRuns: listed, moreFailedDryRuns: failedDryRuns.length - listed.length };
}

/** Returns the pods of an attempt's Job that still exist, oldest first; `undefined` if no source reads pods. */
export type PodsOf = (attempt: Attempt) => readonly Pod[] | undefined;

/** Finds the cause of a run also by its pods. That of an open run is what Kubernetes did to the newest pod. */
export function causeByPods(run: Run, { metric, attempt, cause }: Verdict, podsOf: PodsOf): Cause | undefined {
  if (!hasEnded(run.phase)) return openCause(run, podsOf);
  const isJob = metric?.provider === "job" && attempt?.claimedJob !== undefined;
  const pods = isJob ? podsOf(attempt) : undefined;
  if (cause === undefined || pods === undefined || metric === undefined || attempt === undefined) return cause;
  return pods.length === 0 ? { ...cause, gone: podGone(metric, attempt) } : withPods(cause, metric, pods);
}

function openCause(run: Run, podsOf: PodsOf): Cause | undefined {
  for (const metric of run.metrics.filter(({ provider, dryRun }) => provider === "job" && !dryRun)) {
    const attempt = metric.attempts.at(-1);
    if (attempt === undefined || hasEnded(attempt.phase)) continue;
    const pod = explainingPod(podsOf(attempt) ?? [])?.pod;
    const end = pod && pod.phase !== "Pending" ? podEnd(pod) : undefined;
    if (end !== undefined) return { ...unexplained(run, metric, attempt), ...end };
  }
  return undefined;
}

/**
 * The pod's own end comes first. It does not explain a run that was stopped, and an exit code explains less than the
 * run's object if that says, for example, that the Job's deadline passed.
 */
function withPods(cause: Cause, metric: Metric, pods: readonly Pod[]): Cause {
  const choice = explainingPod(pods);
  if (choice === undefined || cause.reason === "stopped" || cause.reason === "contradiction") return cause;
  const { pod, beside } = choice;
  const several =
    beside.length > 1 ? { index: pod.index, pods: beside.length, failedPods: failedCount(beside) } : undefined;
  const found = podCause(pod);
  if (found === undefined) return { ...cause, ...several };
  const isTold = cause.reason !== "job-failed" && cause.reason !== "inconclusive" && cause.reason !== "not-measured";
  if (isTold && found.reason === "exit-code") return { ...cause, ...several };
  const added = found.container !== "" && !metric.containers.some(({ name }) => name === found.container);
  // No test runs in a container that the cluster added.
  const kind = added && found.kind === "test-failed" ? "infrastructure" : found.kind;
  return { ...cause, ...found, ...several, added, kind, message: found.message || cause.message };
}

function causeOf(run: Run, decision: Decision, attempt: Attempt | undefined): Cause | undefined {
  const { result, metric, isStopped } = decision;
  if (!hasEnded(run.phase) || result === "passed") return undefined;
  const contradicts = result === undefined || (metric === undefined && !isStopped);
  if (isStopped) return objectCause(run, metric, attempt, "stopped");
  return objectCause(run, metric, attempt, contradicts ? "contradiction" : undefined);
}

interface Decision {
  readonly result: Result;
  readonly metric: Metric | undefined;
  readonly isStopped: boolean;
}

function decide(run: Run): Decision {
  const counted = run.metrics.filter(({ dryRun }) => !dryRun);
  const first = (fits: (metric: Metric) => boolean): Metric | undefined => {
    const those = counted.filter(fits);
    return those.find(({ provider }) => provider === "job") ?? those[0];
  };
  // If one metric failed and another is in error, the run's phase says which counted.
  const failed =
    (hasFailed(run.phase) ? first(({ phase }) => phase === run.phase) : undefined) ??
    first(({ phase }) => hasFailed(phase));
  if (failed === undefined && wasStopped(run, counted)) {
    return { result: "none", metric: first((each) => !hasFinished(each)), isStopped: true };
  }
  const inconclusive = first(({ phase }) => phase === "Inconclusive");
  const metric = failed ?? inconclusive;
  const of = (result: Result, decided = metric): Decision => ({ result, metric: decided, isStopped: false });
  switch (run.phase) {
    case "Failed":
      return of("failed");
    case "Error":
    case "Inconclusive":
      return of("none");
    case "Successful":
      return metric === undefined ? of("passed") : of(undefined);
    default:
      return of(undefined);
  }
}

/**
 * The attempt that decided a metric's phase, and whether it did: the newest attempt that failed, or was inconclusive,
 * decides such a metric. For any other phase it is the newest attempt.
 */
export function decidingAttempt({ phase, attempts }: Metric): readonly [Attempt | undefined, boolean] {
  const decides = hasFailed(phase) || phase === "Inconclusive";
  const deciding = decides ? attempts.findLast((each) => each.phase === phase) : undefined;
  return deciding === undefined ? [attempts.at(-1), false] : [deciding, true];
}

/**
 * Whether a run was stopped before it had a verdict. Argo Rollouts before 1.10 calls such a run successful, later
 * releases inconclusive (https://github.com/argoproj/argo-rollouts/issues/1329,
 * https://github.com/argoproj/argo-rollouts/pull/4602).
 */
function wasStopped(run: Run, counted: readonly Metric[]): boolean {
  if (run.phase !== "Successful" && run.phase !== "Inconclusive") return false;
  const metrics = counted.length > 0 ? counted : run.metrics;
  const isEnded = run.terminate || saysStopped(run.message) || metrics.some(wasCutShort);
  return isEnded && !metrics.every(hasFinished);
}

/** Whether every measurement of the metric was taken. A metric without a count is measured until the run ends. */
function hasFinished(metric: Metric): boolean {
  const { counts, attempts } = metric;
  const { count, consecutiveSuccessLimit = 0 } = metric.measuring;
  if (wasCutShort(metric) || attempts.some(({ phase }) => !hasEnded(phase))) return false;
  const counted = counts === undefined ? 0 : counts.successful + counts.failed + counts.inconclusive;
  // Argo Rollouts keeps only the newest attempts.
  const measured = Math.max(counted, attempts.filter(({ phase }) => phase !== "Error").length);
  if (consecutiveSuccessLimit > 0 && (counts?.consecutiveSuccess ?? 0) >= consecutiveSuccessLimit) return true;
  return measured >= Math.max(1, count ?? 1);
}

/** Whether a measurement was running when the metric was stopped. */
function wasCutShort({ message, attempts }: Metric): boolean {
  return saysStopped(message) || attempts.some(isStopped);
}

/** Whether an attempt was stopped: its Job was deleted while it was running. */
export function isStopped({ message }: Pick<Attempt, "message">): boolean {
  return saysStopped(message);
}

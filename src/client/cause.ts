import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AnalysisPhase,
  type AnalysisRun,
  type AnalysisRunSummary,
  type Attempt,
  CauseReason,
  ContainerState,
  type ContainerStatus,
  type ExceededLimit,
  type Metric,
  type Pod,
  type Cause as ToldCause,
  Verdict,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A Job creates pods that run side by side at once, and waits for ten seconds or longer before it tries again. */
const AT_ONCE_MS = 2_000;

/** Whether some of a Job's pods ran side by side, and are not all retries. @param pods oldest first. */
export function ranAtOnce(pods: readonly Pod[]): boolean {
  const [first] = pods;
  const createdAt = ({ createTime }: Pod): number => (createTime === undefined ? Number.NaN : timestampMs(createTime));
  return pods.slice(1).some((pod, index) => {
    if (pod.completionIndex !== undefined) return pod.completionIndex !== first?.completionIndex;
    const before = pods[index];
    return before !== undefined && createdAt(pod) - createdAt(before) <= AT_ONCE_MS;
  });
}

/** Why a run has its phase, as far as the run and its pods show. */
export interface Cause {
  readonly phase: AnalysisPhase;
  /** What the server says: kind, reason, parameters. Absent if there is nothing to explain, or from older servers. */
  readonly told: ToldCause | undefined;
  /**
   * The metric that decided, as the server says; else the one whose log is shown, or the one that is being measured.
   */
  readonly metric: Metric | undefined;
  /** The attempt that decided. */
  readonly attempt: Attempt | undefined;
  /** The status of the container whose log is shown, if the cluster still knows it. */
  readonly container: ContainerStatus | undefined;
  /** The limit that was exceeded. */
  readonly limit: ExceededLimit | undefined;
  /** Argo Rollouts' own message; may be empty. */
  readonly message: string;
}

/** Finds the cause of a run's phase. */
export function causeOf(run: AnalysisRun): Cause {
  const told = run.cause;
  const shown = run.metrics.find(({ name }) => name === run.defaultSelection?.metricName);
  const metric = decidingMetric(run, shown) ?? shown ?? firstMetric(run);
  const number = metric === shown ? run.defaultSelection?.attempt : told?.attempt;
  const attempt =
    metric?.attempts.find((each) => each.number === number) ??
    (metric === shown
      ? undefined
      : (metric?.attempts.findLast(({ phase }) => isFailure(phase)) ?? metric?.attempts.at(-1)));
  return {
    phase: run.summary?.phase ?? AnalysisPhase.UNSPECIFIED,
    told,
    metric,
    attempt,
    container: metric === shown && attempt !== undefined ? containerStatus(run, attempt) : undefined,
    limit: told?.limit,
    message: run.message,
  };
}

/** While a run is open, the server says nothing of it yet: then a metric that has ended badly already. */
function decidingMetric(run: AnalysisRun, shown: Metric | undefined): Metric | undefined {
  const named = run.cause?.metricName;
  if (named !== undefined) return named === "" ? undefined : run.metrics.find(({ name }) => name === named);
  const deciding = decidingMetrics(run);
  return deciding.find((each) => each === shown) ?? deciding[0];
}

/** Whether a run was stopped before it had a verdict, whatever its phase. */
export function wasStopped(run: AnalysisRunSummary | undefined): boolean {
  return run?.cause?.reason === CauseReason.STOPPED;
}

/** What Kubernetes did, or does not do, to a pod: exit codes and waiting containers are then no causes. */
const CLUSTER: ReadonlySet<CauseReason | undefined> = new Set([
  CauseReason.QUOTA,
  CauseReason.DEADLINE,
  CauseReason.IMAGE,
  CauseReason.CONTAINER_CONFIG,
  CauseReason.EVICTED,
  CauseReason.NODE_SHUTDOWN,
  CauseReason.PREEMPTED,
  CauseReason.NODE_LOST,
  CauseReason.UNSCHEDULABLE,
  CauseReason.OUT_OF_MEMORY,
  CauseReason.POD_ENDED,
]);

/** Whether Kubernetes, and no container, explains a run. */
export function isClusterCause(cause: ToldCause | undefined): boolean {
  return CLUSTER.has(cause?.reason);
}

/** Whether a run has passed. Of servers that tell no verdict, its phase is taken for it. */
export function hasPassed(run: AnalysisRunSummary | undefined): boolean {
  if (run?.verdict !== Verdict.UNSPECIFIED) return run?.verdict === Verdict.PASSED;
  return run.phase === AnalysisPhase.SUCCESSFUL && run.cause === undefined;
}

/** Whether a phase is a failure: Failed or Error. */
export function isFailure(phase: AnalysisPhase | undefined): boolean {
  return phase === AnalysisPhase.FAILED || phase === AnalysisPhase.ERROR;
}

/** Whether a phase may still change. */
export function isOpen(phase: AnalysisPhase | undefined): boolean {
  return (
    phase === AnalysisPhase.RUNNING || phase === AnalysisPhase.PENDING || (phase ?? 0) === AnalysisPhase.UNSPECIFIED
  );
}

/** The metrics that failed or could not be measured; if there are none, the inconclusive ones. No dry runs. */
export function decidingMetrics(run: AnalysisRun): readonly Metric[] {
  const counted = run.metrics.filter(({ dryRun }) => !dryRun);
  const failed = counted.filter(({ phase }) => isFailure(phase));
  return failed.length > 0 ? failed : counted.filter(({ phase }) => phase === AnalysisPhase.INCONCLUSIVE);
}

/** If no metric has a log: the one that is being measured, or the first. */
function firstMetric({ metrics }: AnalysisRun): Metric | undefined {
  return metrics.find(({ phase }) => phase === AnalysisPhase.RUNNING) ?? metrics[0];
}

/** The status of a container of an attempt; by default of the one whose log is shown. */
export function containerStatus(
  run: AnalysisRun,
  attempt: Attempt,
  name = run.defaultSelection?.containerName,
): ContainerStatus | undefined {
  const pod = attempt.pods.find((each) => each.name === run.defaultSelection?.podName) ?? attempt.pods.at(-1);
  return pod?.containers.find((each) => each.name === name);
}

/** What keeps an open attempt from ending: the template's containers have ended, one that was added has not. */
export interface HeldUp {
  readonly ended: ContainerStatus;
  readonly by: ContainerStatus;
}

/** Finds it; `undefined` if that is not so. */
export function heldUp({ metric, attempt }: Pick<Cause, "metric" | "attempt">): HeldUp | undefined {
  const pod = attempt?.pods.at(-1);
  if (metric === undefined || attempt === undefined || pod === undefined || !isOpen(attempt.phase)) return undefined;
  const main = pod.containers.filter(({ init }) => !init);
  const isAdded = ({ name }: ContainerStatus): boolean =>
    metric.containers.some((each) => each.added && each.name === name);
  const own = main.filter((each) => !isAdded(each));
  const by = main.find((each) => isAdded(each) && each.state === ContainerState.RUNNING);
  const ended = own.at(-1);
  if (by === undefined || ended === undefined) return undefined;
  return own.every(({ state }) => state === ContainerState.TERMINATED) ? { ended, by } : undefined;
}

/** How a container has ended. */
export interface Exit {
  /** Absent if Kubernetes does not say. */
  readonly code: number | undefined;
  /** A reason that says more than that it ended, such as `OOMKilled`; else empty. */
  readonly reason: string;
  readonly message: string;
}

/** How a container has ended; `undefined` if it has not, or that is unknown. */
export function exitOf(status: ContainerStatus | undefined): Exit | undefined {
  if (status?.state !== ContainerState.TERMINATED) return undefined;
  const { exitCode: code, reason, message } = status;
  return { code, reason: reason === "Error" || reason === "Completed" ? "" : reason, message };
}

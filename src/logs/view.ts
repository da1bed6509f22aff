import type { Config } from "../config/schema.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { goneText, podGone } from "../runs/job-lifetime.ts";
import { type Job, jobOf } from "../runs/job-of.ts";
import { isOver, type Pod } from "../runs/pod.ts";
import { podEnd } from "../runs/pod-cause.ts";
import { readPods } from "../runs/read-pods.ts";
import { type Attempt, hasEnded, type Run } from "../runs/run.ts";
import { type RequiredLookups, type RunContext, readRunContext } from "../runs/run-context.ts";
import { runFacts } from "../runs/run-facts.ts";
import {
  type AttemptSelection,
  type ContainerSelection,
  type Selector,
  selectAttempt,
  selectContainer,
} from "../runs/selection.ts";
import { templateValues } from "../runs/template-values.ts";
import type { LogSource, LogTarget, TargetPod } from "../sources/source.ts";
import type { Watched } from "./changes.ts";

/** What looking up an attempt needs. */
export interface ViewServices {
  readonly kube: Pick<KubeApi, "get" | "list">;
  readonly sources: readonly LogSource[];
  readonly lookups: RequiredLookups;
  readonly config: Pick<Config, "jobNamespaces">;
}

/** An attempt as it is now: its Job, and its pods that still exist. */
export interface AttemptView extends AttemptSelection {
  readonly run: Run;
  readonly job: Job;
  /** Oldest first. Empty if no source reads pods. */
  readonly pods: readonly Pod[];
  readonly context: RunContext;
  readonly facts: LogTarget["facts"];
}

/** A container of an attempt as it is now. */
export interface ContainerView extends AttemptView, ContainerSelection {
  readonly target: LogTarget;
}

/**
 * Looks up an attempt of a run that the caller may read.
 *
 * @throws Failure; of kind `not-yet` if there is no Job yet.
 */
export async function viewAttempt(
  { kube, sources, lookups, config }: ViewServices,
  run: Run,
  selector: Pick<Selector, "metric" | "attempt" | "running">,
  signal: AbortSignal,
): Promise<AttemptView> {
  const selected = selectAttempt(run, selector);
  const job = jobOf(run, selected.attempt, config.jobNamespaces);
  const context = await readRunContext(kube, run, lookups, signal);
  const facts = runFacts(run, context, selected.metric.name, selected.attempt);
  const pods = usesPods(sources, facts) ? await readPods(kube, run, [job.namespace], signal) : [];
  return { ...selected, run, job, context, facts, pods: pods.filter(({ jobName }) => jobName === job.name) };
}

/** What to watch for changes of a view: its run, and the run's pods in the Job's namespace if a source reads pods. */
export function watchedBy({ run, job, facts }: AttemptView, sources: readonly LogSource[]): Watched {
  return { run, pods: usesPods(sources, facts) ? { uid: run.uid, namespace: job.namespace } : undefined };
}

/** Whether one of the sources for a run reads pods. */
export function usesPods(sources: readonly LogSource[], facts: LogTarget["facts"]): boolean {
  return sources.some((source) => source.capabilities.live && source.matches(facts));
}

/** @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, which lists what there is. */
export function viewContainer(
  view: AttemptView,
  selector: Pick<Selector, "container" | "known" | "pod">,
): ContainerView {
  const { run, metric, attempt, job, context, facts, pods } = view;
  const selection = selectContainer(metric, selector, pods);
  const { container, pod } = selection;
  const values = templateValues(run, context, { metric, attempt, job, container, ...(pod && { pod }) });
  const gone = pod === undefined && hasEnded(attempt.phase) ? goneText(podGone(metric, attempt)) : "";
  const target = { facts, values, pod: targetPod(attempt, selection), ...(gone !== "" && { podGone: gone }) };
  return { ...view, ...selection, target };
}

/**
 * Returns which log of a container in its pod is meant. If the container waits to be restarted, it is that of its
 * previous run.
 *
 * @returns `undefined` if no pod was selected.
 */
export function targetPod(
  { phase }: Pick<Attempt, "phase">,
  { pod, container, status }: Pick<ContainerSelection, "pod" | "container" | "status">,
): TargetPod | undefined {
  if (pod === undefined) return undefined;
  const isWaiting = status?.state === "waiting";
  const previous = isWaiting && status.exitCode !== undefined;
  const { namespace, name } = pod;
  const end = podEnd(pod);
  // A pod that is not scheduled has no status for its containers, but one of its own, as one that Kubernetes ended.
  const reason = (end && isOver(pod) ? pod.reason : status?.reason) || pod.reason;
  const unstarted = { reason, final: hasEnded(phase) || isOver(pod) };
  return {
    namespace,
    name,
    container: container.name,
    previous,
    unstarted: isWaiting && !previous ? unstarted : undefined,
    ended: isOver(pod) ? { reason: end?.kubernetesReason ?? "", evicted: end?.reason === "evicted" } : undefined,
  };
}

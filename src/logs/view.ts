import type { KubeApi } from "../kube/kube-api.ts";
import { type Job, jobOf } from "../runs/job-of.ts";
import type { Pod } from "../runs/pod.ts";
import { readPods } from "../runs/read-pods.ts";
import type { Run } from "../runs/run.ts";
import {
  type AttemptSelection,
  type ContainerSelection,
  selectAttempt,
  selectContainer,
  type Wish,
} from "../runs/selection.ts";
import { readSurroundings, type Surroundings } from "../runs/surroundings.ts";
import { templateValues } from "../runs/template-values.ts";
import type { Lookups } from "../sources/lookups.ts";
import type { LogSource, LogTarget } from "../sources/source.ts";
import { targetPod } from "./target-pod.ts";

/** What looking at a run takes. */
export interface ViewServices {
  readonly kube: Pick<KubeApi, "get" | "list">;
  readonly sources: readonly LogSource[];
  readonly lookups: Lookups;
  readonly jobNamespaces: readonly string[];
}

/** An attempt as it is now: its Job, and the pods of it that the cluster still knows. */
export interface AttemptView extends AttemptSelection {
  readonly run: Run;
  readonly job: Job;
  /** Oldest first. Empty where no source reads pods. */
  readonly pods: readonly Pod[];
  readonly surroundings: Surroundings;
  readonly facts: LogTarget["facts"];
}

/** A container of an attempt as it is now. */
export interface ContainerView extends AttemptView, ContainerSelection {
  readonly target: LogTarget;
}

/**
 * Looks at an attempt of a run that the caller may read.
 *
 * @throws Failure; one of kind `not-yet` where there is no Job yet.
 */
export async function viewAttempt(
  { kube, sources, lookups, jobNamespaces }: ViewServices,
  run: Run,
  wish: Pick<Wish, "metric" | "attempt" | "running">,
  signal: AbortSignal,
): Promise<AttemptView> {
  const selected = selectAttempt(run, wish);
  const job = jobOf(run, selected.attempt, jobNamespaces);
  const surroundings = await readSurroundings(kube, run, lookups, signal);
  const { namespace: project, stage } = run;
  const facts = { project, stage, shard: surroundings.shard, metric: selected.metric.name };
  const isLive = sources.some((source) => source.capabilities.live && source.matches(facts));
  const pods = isLive ? await readPods(kube, run, [job.namespace], signal) : [];
  return { ...selected, run, job, surroundings, facts, pods: pods.filter(({ jobName }) => jobName === job.name) };
}

/** @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, telling what there is. */
export function viewContainer(view: AttemptView, wish: Pick<Wish, "container" | "pod">): ContainerView {
  const { run, metric, attempt, job, surroundings, facts, pods } = view;
  const selection = selectContainer(metric, wish, pods);
  const { container, pod } = selection;
  const values = templateValues(run, surroundings, { metric, attempt, job, container, ...(pod && { pod }) });
  return { ...view, ...selection, target: { facts, values, pod: targetPod(attempt, selection) } };
}

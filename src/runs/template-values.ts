import type { TemplateValues } from "../template/values.ts";
import type { Job } from "./job-of.ts";
import type { Pod } from "./pod.ts";
import type { Attempt, Container, Metric, Run } from "./run.ts";
import type { RunContext } from "./run-context.ts";

/** The part of a run that a URL is for. Links about the whole run have none; URLs of logs have all of them. */
export interface AddressOf {
  readonly metric?: Metric;
  readonly attempt?: Attempt;
  readonly job?: Job;
  readonly container?: Container;
  readonly pod?: Pick<Pod, "name">;
}

/** A Job's pods are named after it, truncated so that five random characters fit into 63. */
const POD_NAME_BASE = 58;

/** The prefix of the names of a Job's pods. */
export function podPrefix(jobName: string): string {
  return `${jobName}-`.slice(0, POD_NAME_BASE);
}

/** The values of template variables (docs/templates.md lists their meanings). */
export function templateValues(
  run: Run,
  { shard, freight }: RunContext,
  { metric, attempt, job, container, pod }: AddressOf = {},
): TemplateValues {
  // If a Stage takes several, none of them is *the* Freight: the template must name a Warehouse.
  const only = freight.length === 1 ? freight[0] : undefined;
  const times = attempt ?? run;
  const own = (values: Readonly<Record<string, string>>) => (key: string) =>
    Object.hasOwn(values, key) ? values[key] : undefined;
  return {
    variables: {
      project: run.namespace,
      namespace: run.namespace,
      shard,
      stage: run.stage,
      promotion: run.promotion,
      freight: only?.name,
      freightAlias: only?.alias,
      freightCollection: run.freightCollection,
      rollout: run.rollout,
      revision: run.revision,
      analysisRun: run.name,
      analysisRunUid: run.uid,
      metricName: metric?.name,
      attempt: attempt && String(attempt.number),
      jobNamespace: job?.namespace,
      jobName: job?.name,
      podName: pod?.name,
      podPrefix: job && podPrefix(job.name),
      container: container?.name,
      phase: times.phase,
      startedAt: times.startedAt,
      finishedAt: times.endedAt,
    },
    lookups: {
      label: own(run.labels),
      annotation: own(run.annotations),
      arg: own(run.args),
      freight: (warehouse) => freight.find((each) => each.warehouse === warehouse)?.name,
    },
  };
}

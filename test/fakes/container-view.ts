import { type ContainerView, viewContainer } from "../../src/logs/view.ts";
import { jobOf } from "../../src/runs/job-of.ts";
import type { Pod } from "../../src/runs/pod.ts";
import type { Phase } from "../../src/runs/run.ts";
import { makePod, makeStatus } from "./pod.ts";
import { makeAttempt, makeMetric, makeRun } from "./run.ts";

export interface ViewParts {
  readonly phase?: Phase;
  readonly endedAt?: string | undefined;
  readonly pods?: readonly Pod[];
}

/** The state of an attempt's container. Default: it runs in the only pod. */
export function makeView({ phase = "Running", endedAt, pods = [makeRunning()] }: ViewParts = {}): ContainerView {
  const attempt = makeAttempt({ phase, endedAt });
  const metric = makeMetric({ phase, attempts: [attempt] });
  const run = makeRun({ phase, metrics: [metric], endedAt });
  const attemptView = {
    run,
    metric,
    metricReason: "only",
    attempt,
    attemptReason: "only",
    job: jobOf(run, attempt, []),
    pods,
    context: { shard: undefined, freight: [] },
    facts: { project: run.namespace, stage: run.stage, metric: metric.name },
  } as const;
  return viewContainer(attemptView, {});
}

/** A pod whose only container is running. */
export function makeRunning(parts: Parameters<typeof makeStatus>[0] = {}, pod: Partial<Pod> = {}): Pod {
  return makePod({ containers: [makeStatus({ name: "main", ...parts })], ...pod });
}

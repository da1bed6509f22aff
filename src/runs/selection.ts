import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { containersIn } from "./containers-in.ts";
import { notStarted } from "./job-of.ts";
import type { ContainerStatus, Pod } from "./pod.ts";
import { firstFailed } from "./pod-cause.ts";
import { explainingPod } from "./pod-choice.ts";
import { type Attempt, type Container, hasEnded, hasFailed, type Metric, type Run } from "./run.ts";
import { decidingAttempt, verdictOf } from "./verdict.ts";

/** Selects one of a run's logs. Whatever is omitted is selected by default. */
export interface Selector {
  readonly metric?: string | undefined;
  readonly attempt?: number | "last" | "failed" | undefined;
  readonly container?: string | undefined;
  /** The container of this name as it was known before: the pod that had it may be gone. */
  readonly known?: Container | undefined;
  readonly pod?: string | undefined;
  /** Whether a running attempt is preferred to one that has failed. */
  readonly running?: boolean | undefined;
}

/** The end of the year 9999, in milliseconds since 1970. */
const LAST_TIME = 253_402_300_799_999;

/** Why something was selected. */
export type Reason =
  | "named"
  | "only"
  | "failed"
  /** It ended without a verdict. */
  | "inconclusive"
  | "default-annotation"
  | "first"
  | "last"
  | "running";

/** An attempt of a metric, and why these were selected. */
export interface AttemptSelection {
  readonly metric: Metric;
  readonly metricReason: Reason;
  readonly attempt: Attempt;
  readonly attemptReason: Reason;
}

/** A container of a pod of an attempt, and why these were selected. */
export interface ContainerSelection {
  readonly container: Container;
  readonly containerReason: Reason;
  /**
   * The pod and the container's status in it; absent if the cluster has no pod of the attempt (any more).
   */
  readonly pod: Pod | undefined;
  readonly podReason: Reason | undefined;
  readonly status: ContainerStatus | undefined;
}

/** A container of an attempt of a metric, and why these were selected. */
export interface Selection extends AttemptSelection, ContainerSelection {}

/**
 * Selects the named metric and attempt or, by default, those that explain the run's phase.
 *
 * @throws Failure METRIC_NOT_FOUND, METRIC_HAS_NO_LOG or ATTEMPT_NOT_FOUND, with the existing ones; JOB_NOT_STARTED
 * before the first measurement.
 */
export function selectAttempt(run: Run, selector: Pick<Selector, "metric" | "attempt" | "running">): AttemptSelection {
  const [metric, metricReason] = chooseMetric(run, selector.metric);
  const [attempt, attemptReason] = chooseAttempt(run, metric, selector);
  return { metric, metricReason, attempt, attemptReason };
}

/**
 * Selects only the metric.
 *
 * @throws Failure METRIC_NOT_FOUND or METRIC_HAS_NO_LOG, with the existing ones.
 */
export function selectMetric(run: Run, name: string | undefined): Metric {
  return chooseMetric(run, name)[0];
}

/**
 * Selects the named pod and container or, by default, those that explain the attempt's phase.
 *
 * @param pods of the attempt's Job that still exist in the cluster, oldest first; none if no source reads pods.
 * @throws Failure POD_NOT_FOUND or CONTAINER_NOT_FOUND, with the existing ones.
 */
export function selectContainer(
  metric: Metric,
  selector: Pick<Selector, "container" | "known" | "pod">,
  pods: readonly Pod[],
): ContainerSelection {
  const [pod, podReason] = choosePod(pods, selector.pod);
  const [container, containerReason] = chooseContainer(metric, selector, pod);
  const status = pod?.containers.find((each) => each.name === container.name);
  return { pod, podReason, container, containerReason, status };
}

/**
 * Selects metric, attempt, pod and container.
 *
 * @param podsOf returns the pods of an attempt's Job that still exist in the cluster, oldest first. Default: none.
 */
export function select(
  run: Run,
  selector: Selector,
  podsOf: (attempt: Attempt) => readonly Pod[] = () => [],
): Selection {
  const selected = selectAttempt(run, selector);
  return { ...selected, ...selectContainer(selected.metric, selector, podsOf(selected.attempt)) };
}

/** The metrics of a run with logs. */
export function jobMetrics(run: Run): readonly Metric[] {
  return run.metrics.filter((each) => each.provider === "job");
}

function chooseMetric(run: Run, name: string | undefined): [Metric, Reason] {
  const metrics = jobMetrics(run);
  if (name !== undefined) {
    const named = run.metrics.find((each) => each.name === name);
    if (named?.provider === "job") return [named, "named"];
    const available = metrics.map((each) => each.name);
    if (named !== undefined) {
      throw new Failure(
        "not-found",
        "METRIC_HAS_NO_LOG",
        `The metric ${quoted(name)} is measured by ${named.provider || "no provider"}, not by a Job, so it has no log.`,
        {
          next: "Look at its measured values in the run, or name a metric that runs a Job.",
          available: fewOf(available),
        },
      );
    }
    throw notThere("METRIC_NOT_FOUND", `This run has no metric ${quoted(name)}.`, available);
  }
  const counted = metrics.filter((each) => !each.dryRun);
  const [first] = counted;
  if (first === undefined) throw noLogs(metrics);
  if (metrics.length === 1) return [first, "only"];
  const { metric: deciding } = verdictOf(run);
  const chosen = deciding?.provider === "job" ? deciding : counted.find((each) => hasFailed(each.phase));
  if (chosen === undefined) return [first, "first"];
  return [chosen, hasFailed(chosen.phase) ? "failed" : "inconclusive"];
}

/** @param dryRuns the metrics that have logs, but do not count. */
function noLogs(dryRuns: readonly Metric[]): Failure {
  const names = fewOf(dryRuns.map(({ name }) => name));
  const which = names.length === 1 ? "is a dry run" : "are dry runs";
  const [message, next] =
    names.length === 0
      ? ["No metric of this run is measured by a Job, so it has no log.", "Look at the measured values in the run."]
      : [
          `No metric that counts is measured by a Job: ${names.map(quoted).join(", ")} ${which}.`,
          "Look at the measured values in the run, or name a dry run to read its log.",
        ];
  return new Failure("not-found", "METRIC_HAS_NO_LOG", message, { next, available: names });
}

function chooseAttempt(
  run: Run,
  metric: Metric,
  { attempt: wanted, running = false }: Pick<Selector, "attempt" | "running">,
): [Attempt, Reason] {
  const { attempts } = metric;
  const newest = attempts.at(-1);
  if (newest === undefined) {
    if (!hasEnded(run.phase)) throw notStarted(notMeasured(run, metric));
    throw new Failure(
      "not-found",
      "ATTEMPT_NOT_FOUND",
      `The run ended before the metric ${quoted(metric.name)} was measured.`,
      {
        next: "There is no log. The run's message says why it ended.",
        available: [],
      },
    );
  }
  const available = attempts.map((each) => String(each.number));
  if (typeof wanted === "number") {
    const named = attempts.findLast((each) => each.number === wanted);
    if (named !== undefined) return [named, "named"];
    if (wanted > newest.number && !hasEnded(metric.phase) && !hasEnded(run.phase)) {
      throw notStarted(
        `The metric ${quoted(metric.name)} has not been measured so often yet: there is no attempt ${wanted}.`,
      );
    }
    throw notThere(
      "ATTEMPT_NOT_FOUND",
      `The metric ${quoted(metric.name)} has no attempt ${wanted} (any more).`,
      available,
    );
  }
  if (wanted === "last") return [newest, "named"];
  if (wanted === "failed") {
    const failed = attempts.findLast((each) => hasFailed(each.phase));
    if (failed !== undefined) return [failed, "named"];
    throw notThere("ATTEMPT_NOT_FOUND", `No attempt of the metric ${quoted(metric.name)} failed.`, available);
  }
  if (attempts.length === 1) return [newest, "only"];
  const runs = running ? attempts.findLast((each) => !hasEnded(each.phase)) : undefined;
  if (runs !== undefined) return [runs, "running"];
  const [deciding = newest, decided] = decidingAttempt(metric);
  if (!decided) return [newest, "last"];
  return [deciding, hasFailed(metric.phase) ? "failed" : "inconclusive"];
}

/** Why there is no attempt yet. Argo Rollouts counts a metric's initial delay from the run's start. */
function notMeasured({ startedAt }: Run, { name, initialDelayMs }: Metric): string {
  const began = Date.parse(startedAt ?? "");
  if (Number.isNaN(began)) return "The run has not begun yet.";
  if (initialDelayMs === 0) return `The metric ${quoted(name)} has not been measured yet.`;
  const until = timeOf(began, began + initialDelayMs);
  return `The metric ${quoted(name)} is not measured until ${until} UTC (its initial delay).`;
}

/** A time of day, with its date if that is not the expected day. */
function timeOf(from: number, ms: number): string {
  const end = new Date(Math.min(ms, LAST_TIME)).toISOString();
  const [date, time] = [end.slice(0, 10), end.slice(11, 19)];
  return date === new Date(from).toISOString().slice(0, 10) ? time : `${date} ${time}`;
}

function choosePod(pods: readonly Pod[], name: string | undefined): [Pod, Reason] | [undefined, undefined] {
  const choice = explainingPod(pods);
  // Without pods to compare with, the name is left to sources that keep logs by pod.
  if (choice === undefined) return [undefined, undefined];
  if (name === undefined && choice.failed) return [choice.pod, "failed"];
  if (name === undefined) return [choice.pod, pods.length === 1 ? "only" : "last"];
  const named = pods.find((each) => each.name === name);
  if (named !== undefined) return [named, "named"];
  const available = pods.map((each) => each.name);
  throw notThere("POD_NOT_FOUND", `The attempt's Job has no pod ${quoted(name)} (any more).`, available);
}

function chooseContainer(
  metric: Metric,
  { container: name, known }: Pick<Selector, "container" | "known">,
  pod: Pod | undefined,
): [Container, Reason] {
  const containers = containersIn(metric, pod === undefined ? [] : [pod]);
  if (name !== undefined) {
    const named = containers.find((each) => each.name === name) ?? (known?.name === name ? known : undefined);
    if (named !== undefined) return [named, "named"];
    throw notThere(
      "CONTAINER_NOT_FOUND",
      `The Job of the metric ${quoted(metric.name)} has no container ${quoted(name)}.`,
      containers.map((each) => each.name),
    );
  }
  const [first] = containers.filter((each) => !each.init);
  if (first === undefined)
    throw notThere("CONTAINER_NOT_FOUND", `The Job of the metric ${quoted(metric.name)} has no containers.`, []);
  if (containers.length === 1) return [first, "only"];
  const status = pod && firstFailed(pod);
  const failed = containers.find((each) => each.name === status?.name);
  if (failed !== undefined) return [failed, "failed"];
  const annotated = containers.find((each) => each.name === metric.defaultContainer);
  return annotated === undefined ? [first, "first"] : [annotated, "default-annotation"];
}

/** Details travel in trailers, which proxies cut off at a few KiB. */
const MAX_CHOICES = 30;
const CHOICES_LENGTH = 2_000;

function fewOf(choices: readonly string[]): readonly string[] {
  let length = 0;
  return choices.slice(0, MAX_CHOICES).filter((each) => {
    length += each.length;
    return length <= CHOICES_LENGTH;
  });
}

function notThere(reason: string, message: string, choices: readonly string[]): Failure {
  const available = fewOf(choices);
  const more = choices.length > available.length ? ` and ${choices.length - available.length} more` : "";
  const next = available.length === 0 ? undefined : `There is: ${available.map(quoted).join(", ")}${more}.`;
  return new Failure("not-found", reason, message, { available, ...(next !== undefined && { next }) });
}

import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { notStarted } from "./job-of.ts";
import { type Attempt, type Container, hasEnded, hasFailed, type Metric, type Run } from "./run.ts";

/** What a caller names of a run's logs; whatever is left out is chosen. */
export interface Wish {
  readonly metric?: string | undefined;
  readonly attempt?: number | "last" | "failed" | undefined;
  readonly container?: string | undefined;
}

/** Why something was selected. */
export type Reason = "named" | "only" | "failed" | "default-annotation" | "first" | "last";

/** One container of one attempt of one metric, and why these. */
export interface Selection {
  readonly metric: Metric;
  readonly metricReason: Reason;
  readonly attempt: Attempt;
  readonly attemptReason: Reason;
  readonly container: Container;
  readonly containerReason: Reason;
}

/**
 * Selects what is wanted, and chooses what is not said: the metric, the attempt and the container that explain the run's phase.
 *
 * @throws Failure METRIC_NOT_FOUND, METRIC_HAS_NO_LOG, ATTEMPT_NOT_FOUND or CONTAINER_NOT_FOUND, telling what there is; JOB_NOT_STARTED where nothing was
 * measured yet.
 */
export function select(run: Run, wish: Wish): Selection {
  const [metric, metricReason] = selectMetric(run, wish.metric);
  const [attempt, attemptReason] = selectAttempt(run, metric, wish.attempt);
  const [container, containerReason] = selectContainer(metric, wish.container);
  return { metric, metricReason, attempt, attemptReason, container, containerReason };
}

/** The metrics of a run that have logs. */
export function jobMetrics(run: Run): readonly Metric[] {
  return run.metrics.filter((each) => each.provider === "job");
}

function selectMetric(run: Run, name: string | undefined): [Metric, Reason] {
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
          available: available.slice(0, MOST_CHOICES),
        },
      );
    }
    throw notThere("METRIC_NOT_FOUND", `This run has no metric ${quoted(name)}.`, available);
  }
  const chosen =
    metrics.find((each) => hasFailed(each.phase) && !each.dryRun) ?? metrics.find((each) => hasFailed(each.phase));
  const first = metrics[0];
  if (first === undefined) {
    throw new Failure(
      "not-found",
      "METRIC_HAS_NO_LOG",
      "No metric of this run is measured by a Job, so it has no log.",
      {
        next: "Look at the measured values in the run.",
        available: [],
      },
    );
  }
  if (metrics.length === 1) return [first, "only"];
  return chosen === undefined ? [first, "first"] : [chosen, "failed"];
}

function selectAttempt(run: Run, metric: Metric, wish: Wish["attempt"]): [Attempt, Reason] {
  const { attempts } = metric;
  const newest = attempts.at(-1);
  if (newest === undefined) {
    if (!hasEnded(run.phase)) throw notStarted(`The metric ${quoted(metric.name)} has not been measured yet.`);
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
  if (typeof wish === "number") {
    const named = attempts.findLast((each) => each.number === wish);
    if (named !== undefined) return [named, "named"];
    throw notThere(
      "ATTEMPT_NOT_FOUND",
      `The metric ${quoted(metric.name)} has no attempt ${wish} (any more).`,
      available,
    );
  }
  if (wish === "last") return [newest, "named"];
  if (wish === "failed") {
    const failed = attempts.findLast((each) => hasFailed(each.phase));
    if (failed !== undefined) return [failed, "named"];
    throw notThere("ATTEMPT_NOT_FOUND", `No attempt of the metric ${quoted(metric.name)} failed.`, available);
  }
  if (attempts.length === 1) return [newest, "only"];
  const deciding = attempts.findLast((each) => each.phase === metric.phase);
  return deciding !== undefined && hasFailed(deciding.phase) ? [deciding, "failed"] : [deciding ?? newest, "last"];
}

function selectContainer(metric: Metric, name: string | undefined): [Container, Reason] {
  const { containers, defaultContainer } = metric;
  if (name !== undefined) {
    const named = containers.find((each) => each.name === name);
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
  const annotated = containers.find((each) => each.name === defaultContainer);
  return annotated === undefined ? [first, "first"] : [annotated, "default-annotation"];
}

/** Details travel in trailers, which proxies cut off at a few KiB. */
const MOST_CHOICES = 30;

function notThere(reason: string, message: string, choices: readonly string[]): Failure {
  const available = choices.slice(0, MOST_CHOICES);
  const more = choices.length > MOST_CHOICES ? ` and ${choices.length - MOST_CHOICES} more` : "";
  const next = available.length === 0 ? undefined : `There is: ${available.map(quoted).join(", ")}${more}.`;
  return new Failure("not-found", reason, message, { available, ...(next !== undefined && { next }) });
}

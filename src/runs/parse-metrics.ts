import {
  type Fields,
  listOf,
  optionalBoolean,
  optionalFields,
  optionalText,
  requiredFields,
  requiredText,
  ShapeError,
  textMap,
} from "../kube/fields.ts";
import { isContainerName } from "../kube/names.ts";
import {
  boundedName,
  boundedTime,
  cutText,
  type LeftOutCounts,
  MAX_ATTEMPTS,
  MAX_CONTAINERS,
  MAX_METRICS,
  MAX_SEARCHED,
  METRIC_NAME_LENGTH,
  shareOf,
  TEXT_LENGTH,
} from "./bounds.ts";
import { dryRunsOf } from "./dry-runs.ts";
import type { FillIn } from "./fill-in.ts";
import { parseGoDuration } from "./go-duration.ts";
import { providerLifetime } from "./job-lifetime.ts";
import { counterOf, countsOf, measuringOf } from "./measuring.ts";
import { type Attempt, type Container, type Metric, type Phase, phaseOf } from "./run.ts";

/** The greatest number of an attempt. */
const MAX_NUMBER = 999_999_999;

/** The parts of a run that its metrics are read from. */
export interface MetricParts {
  readonly spec: Fields | undefined;
  readonly status: Fields | undefined;
  readonly namespace: string;
  readonly fillIn: FillIn;
  readonly leftOut: LeftOutCounts;
}

/** A metric of the specification, by its name with arguments filled in. */
interface Named {
  readonly name: string;
  readonly fields: Fields;
}

/** A metric's result, narrowed. */
type Result = Pick<Metric, "phase" | "message" | "attempts" | "counts"> & {
  /** `undefined` where the result does not say. */
  readonly dryRun: boolean | undefined;
};

/**
 * Reads the metrics of a run, with their results.
 *
 * @throws ShapeError if one does not have the shape that the CRD requires.
 */
export function metricsOf({ spec, status, namespace, fillIn, leftOut }: MetricParts): readonly Metric[] {
  const specified = listOf(spec?.metrics, "spec.metrics");
  const named = specified
    .slice(0, MAX_SEARCHED)
    .map((fields): Named => ({ fields, name: fillIn(nameOf(fields, "spec.metrics[].name")) }))
    .filter(({ name }) => name.length <= METRIC_NAME_LENGTH);
  const results = resultsOf(status);
  const chosen = chooseMetrics(named, results);
  leftOut.metrics += specified.length - chosen.length;

  const isDryRun = dryRunsOf(spec?.dryRun, fillIn, leftOut);
  const maxAttempts = shareOf(MAX_ATTEMPTS, chosen.length);
  const maxContainers = shareOf(MAX_CONTAINERS, chosen.length);
  return chosen.map(({ name, fields }) => {
    const found = results.get(name);
    const result = found && resultOf(found, namespace, maxAttempts, leftOut);
    const providers = optionalFields(fields.provider, "spec.metrics[].provider") ?? {};
    const { initialDelay } = fields;
    return {
      name,
      provider: "job" in providers ? "job" : boundedName(firstKey(providers)),
      phase: result?.phase ?? "Unknown",
      message: result?.message ?? "",
      // The controller leaves the field out where it is false, and writes no result before the first measurement.
      dryRun: result?.dryRun ?? isDryRun(name),
      attempts: result?.attempts ?? [],
      counts: result?.counts,
      ...containersOf(providers.job, fillIn, maxContainers, leftOut),
      lifetime: providerLifetime(providers.job),
      initialDelayMs: (typeof initialDelay === "string" && parseGoDuration(fillIn(initialDelay))) || 0,
      measuring: measuringOf(fields, fillIn),
    };
  });
}

/** The results of metrics, by their names with arguments filled in. Of several for one name, the first. */
function resultsOf(status: Fields | undefined): ReadonlyMap<string, Fields> {
  const results = new Map<string, Fields>();
  for (const result of listOf(status?.metricResults, "status.metricResults").slice(0, MAX_SEARCHED)) {
    const name = nameOf(result, "status.metricResults[].name");
    if (!results.has(name)) results.set(name, result);
  }
  return results;
}

/** The metrics to read, in their order. Of too many, those that may explain the run come first. */
function chooseMetrics(named: readonly Named[], results: ReadonlyMap<string, Fields>): readonly Named[] {
  if (named.length <= MAX_METRICS) return named;
  const explains = ({ name }: Named): boolean => EXPLAINING.has(results.get(name)?.phase);
  const kept = new Set([...new Set([...named.filter(explains), ...named])].slice(0, MAX_METRICS));
  return named.filter((each) => kept.has(each));
}

const EXPLAINING: ReadonlySet<unknown> = new Set<Phase>(["Failed", "Error", "Inconclusive"]);

function resultOf(result: Fields, namespace: string, maxAttempts: number, leftOut: LeftOutCounts): Result {
  return {
    phase: phaseOf(result.phase),
    message: textIn(result.message, "status.metricResults[].message"),
    dryRun: optionalBoolean(result.dryRun, "status.metricResults[].dryRun"),
    attempts: attemptsOf(result, namespace, maxAttempts, leftOut),
    counts: countsOf(result),
  };
}

/** The CRD requires a name, but a cluster may have an older CRD, or one without validation. */
function nameOf({ name }: Fields, path: string): string {
  return optionalText(name, path) ?? "";
}

function textIn(value: unknown, path: string): string {
  return cutText(optionalText(value, path) ?? "", TEXT_LENGTH);
}

function firstKey(fields: Fields): string {
  for (const key in fields) return key;
  return "";
}

/** The containers of a Job; none if Kubernetes would not accept the Job. */
function containersOf(
  job: unknown,
  fillIn: FillIn,
  max: number,
  leftOut: LeftOutCounts,
): Pick<Metric, "containers" | "defaultContainer"> {
  try {
    const template = requiredFields(optionalFields(optionalFields(job, "job")?.spec, "spec")?.template, "template");
    const annotations = optionalFields(optionalFields(template.metadata, "metadata")?.annotations, "annotations");
    const pod = optionalFields(template.spec, "spec");
    const listed = [
      ...listOf(pod?.initContainers, "initContainers").map((fields) => ({ fields, init: true })),
      ...listOf(pod?.containers, "containers").map((fields) => ({ fields, init: false })),
    ];
    const containers: Container[] = [];
    const names = new Set<string>();
    for (const { fields, init } of listed.slice(0, MAX_SEARCHED)) {
      if (containers.length >= max) break;
      const name = fillIn(requiredText(fields.name, "name"));
      // Kubernetes would accept neither another name nor one twice.
      if (!isContainerName(name) || names.has(name)) continue;
      names.add(name);
      containers.push({ name, init });
    }
    leftOut.containers += listed.length - containers.length;
    const annotated = annotations?.["kubectl.kubernetes.io/default-container"];
    const defaultContainer = typeof annotated === "string" ? fillIn(annotated) : "";
    return { containers, defaultContainer: isContainerName(defaultContainer) ? defaultContainer : undefined };
  } catch (error) {
    if (error instanceof ShapeError) return { containers: [], defaultContainer: undefined };
    throw error;
  }
}

function attemptsOf(result: Fields, namespace: string, max: number, leftOut: LeftOutCounts): Attempt[] {
  const recorded = listOf(result.measurements, "status.metricResults[].measurements");
  const newest = recorded.slice(-max);
  leftOut.attempts += recorded.length - newest.length;
  const measurements = newest.map((each) => ({
    metadata: textMap(each.metadata, "status.metricResults[].measurements[].metadata"),
    phase: phaseOf(each.phase),
    message: textIn(each.message, "status.metricResults[].measurements[].message"),
    value: textIn(each.value, "status.metricResults[].measurements[].value"),
    startedAt: timeIn(each.startedAt, "status.metricResults[].measurements[].startedAt"),
    endedAt: timeIn(each.finishedAt, "status.metricResults[].measurements[].finishedAt"),
  }));
  const count = counterOf(result.count);
  const error = counterOf(result.error);
  const running = measurements.filter((each) => each.endedAt === undefined).length;
  return measurements.map(({ metadata, ...measurement }, index) => {
    const name = boundedName(metadata["job-name"] ?? "");
    // Argo Rollouts numbers Jobs by the count of finished measurements, which gives the number of one without a Job
    // too.
    const counted = Math.max(1, Math.min(count + error + running, MAX_NUMBER) - (measurements.length - 1 - index));
    return {
      number: Number(name.match(/\.([1-9]\d{0,8})$/)?.[1] ?? counted),
      ...measurement,
      // Older controllers name no namespace: they made Jobs in the run's own.
      claimedJob: name ? { namespace: boundedName(metadata["job-namespace"] || namespace), name } : undefined,
    };
  });
}

/** Reads a time; none if it is missing. */
export function timeIn(value: unknown, path: string): string | undefined {
  return boundedTime(optionalText(value, path) || undefined);
}

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
import { dryRunsOf } from "./dry-runs.ts";
import { parseGoDuration } from "./go-duration.ts";
import { providerLifetime } from "./job-lifetime.ts";
import { counterOf, countsOf, measuringOf } from "./measuring.ts";
import {
  type Attempt,
  type Container,
  listedMessage,
  type Metric,
  type Phase,
  type Run,
  type RunSummary,
} from "./run.ts";
import { verdictOf } from "./verdict.ts";

const PHASES: ReadonlySet<unknown> = new Set(["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"]);
/** The maximum characters of arguments that are filled into all texts of a run. */
const FILLED_LENGTH = 1_000_000;

/** The greatest number of an attempt. */
const MAX_NUMBER = 999_999_999;

/** Fills the run's arguments into a text. */
type FillIn = (text: string) => string;

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** The metadata of a run, narrowed. */
interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly version: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
}

/** Parses the summary of an AnalysisRun; `undefined` if the object is not one. */
export function parseRunSummary(object: unknown): RunSummary | undefined {
  return listed(object)?.summary;
}

/** The same with the object's version, which changes with every change to it. */
export function parseVersionedSummary(object: unknown): RunSummary | undefined {
  const run = listed(object);
  return run && { ...run.summary, ...versionOf(run.meta) };
}

function listed(object: unknown): { readonly meta: Meta; readonly summary: RunSummary } | undefined {
  try {
    const read = partsOf(object);
    const { meta, status } = read;
    const said = status?.message;
    const message = typeof said === "string" ? listedMessage(said) : "";
    return { meta, summary: { ...summaryOf(meta, status, message), ...verdictIn(read) } };
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

/** Only what the object says; nothing where there is none, or where another field has another shape. */
function verdictIn(read: Parts): Pick<RunSummary, "verdict"> {
  try {
    const { result, cause, failedDryRuns } = verdictOf(runOf(read));
    const isTold = result !== undefined || cause !== undefined || failedDryRuns.length > 0;
    return isTold ? { verdict: { result, cause, failedDryRuns } } : {};
  } catch (error) {
    if (error instanceof ShapeError) return {};
    throw error;
  }
}

function versionOf({ version }: Meta): { readonly version?: string } {
  return version ? { version } : {};
}

/**
 * Parses an AnalysisRun as Argo Rollouts and Kargo write it
 * (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/).
 *
 * @throws ShapeError if it does not have the shape that its CRD requires.
 */
export function parseRun(object: unknown): Run {
  return runOf(partsOf(object));
}

/** The parts of an object. */
interface Parts {
  readonly meta: Meta;
  readonly spec: unknown;
  readonly status: Fields | undefined;
}

function partsOf(object: unknown): Parts {
  const run = requiredFields(object, "the object");
  return { meta: metaOf(run), spec: run.spec, status: optionalFields(run.status, "status") };
}

function runOf(read: Parts): Run {
  const { meta, status } = read;
  const spec = optionalFields(read.spec, "spec");
  const { labels, annotations } = meta;
  const rollout = meta.owners.find(({ kind, apiVersion }) => kind === "Rollout" && isOf(apiVersion, "argoproj.io/"));
  const args: Record<string, string> = {};
  for (const { name, value } of listOf(spec?.args, "spec.args")) {
    const text = optionalText(value, "spec.args[].value");
    const key = requiredText(name, "spec.args[].name");
    if (text !== undefined) args[key] = text;
  }
  const fillIn = fillerOf(args);
  const results = new Map<string, Result>();
  for (const each of listOf(status?.metricResults, "status.metricResults")) {
    const result = resultOf(each, meta.namespace);
    if (!results.has(result.name)) results.set(result.name, result);
  }
  const isDryRun = dryRunsOf(spec?.dryRun, fillIn);
  return {
    ...summaryOf(meta, status, optionalText(status?.message, "status.message") ?? ""),
    ...versionOf(meta),
    promotion: annotations["kargo.akuity.io/promotion"] || undefined,
    rollout: rollout?.name,
    revision: rollout && (annotations["rollout.argoproj.io/revision"] || undefined),
    labels,
    annotations,
    args,
    terminate: spec?.terminate === true,
    metrics: listOf(spec?.metrics, "spec.metrics").map((metric) => metricOf(metric, results, isDryRun, fillIn)),
  };
}

function metaOf(object: Fields): Meta {
  const metadata = requiredFields(object.metadata, "metadata");
  const version = metadata.resourceVersion;
  return {
    namespace: requiredText(metadata.namespace, "metadata.namespace"),
    name: requiredText(metadata.name, "metadata.name"),
    uid: requiredText(metadata.uid, "metadata.uid"),
    createdAt: requiredText(metadata.creationTimestamp, "metadata.creationTimestamp"),
    version: typeof version === "string" ? version : undefined,
    labels: textMap(metadata.labels, "metadata.labels"),
    annotations: textMap(metadata.annotations, "metadata.annotations"),
    owners: listOf(metadata.ownerReferences, "metadata.ownerReferences").map(({ apiVersion, kind, name }) => ({
      apiVersion: requiredText(apiVersion, "metadata.ownerReferences[].apiVersion"),
      kind: requiredText(kind, "metadata.ownerReferences[].kind"),
      name: requiredText(name, "metadata.ownerReferences[].name"),
    })),
  };
}

function summaryOf(meta: Meta, status: Fields | undefined, message: string): RunSummary {
  const { namespace, name, uid, createdAt, labels, annotations, owners } = meta;
  return {
    namespace,
    name,
    // The label is truncated at 63 characters; Kargo then writes the whole name into an annotation.
    stage: annotations["kargo.akuity.io/stage"] || labels["kargo.akuity.io/stage"] || undefined,
    phase: phaseOf(status?.phase),
    createdAt,
    startedAt: optionalText(status?.startedAt, "status.startedAt") || undefined,
    endedAt: optionalText(status?.completedAt, "status.completedAt") || undefined,
    uid,
    message,
    freightCollection: labels["kargo.akuity.io/freight-collection"] || undefined,
    freight: owners
      .filter(({ kind, apiVersion }) => kind === "Freight" && isOf(apiVersion, "kargo.akuity.io/"))
      .map((each) => each.name),
  };
}

function isOf(apiVersion: string, group: string): boolean {
  return apiVersion.startsWith(group);
}

/** A metric's result, narrowed, by the metric's name with arguments filled in. */
type Result = Pick<Metric, "name" | "phase" | "message" | "attempts" | "counts"> & {
  /** `undefined` where the result does not say. */
  readonly dryRun: boolean | undefined;
};

function resultOf(result: Fields, namespace: string): Result {
  return {
    name: nameOf(result, "status.metricResults[].name"),
    phase: phaseOf(result.phase),
    message: optionalText(result.message, "status.metricResults[].message") ?? "",
    dryRun: optionalBoolean(result.dryRun, "status.metricResults[].dryRun"),
    attempts: attemptsOf(result, namespace),
    counts: countsOf(result),
  };
}

/** The CRD requires a name, but a cluster may have an older CRD, or one without validation. */
function nameOf({ name }: Fields, path: string): string {
  return optionalText(name, path) ?? "";
}

function metricOf(
  metric: Fields,
  results: ReadonlyMap<string, Result>,
  isDryRun: (metric: string) => boolean,
  fillIn: FillIn,
): Metric {
  const name = fillIn(nameOf(metric, "spec.metrics[].name"));
  const providers = optionalFields(metric.provider, "spec.metrics[].provider") ?? {};
  const result = results.get(name);
  const { initialDelay } = metric;
  return {
    name,
    provider: "job" in providers ? "job" : (Object.keys(providers)[0] ?? ""),
    phase: result?.phase ?? "Unknown",
    message: result?.message ?? "",
    // The controller leaves the field out where it is false, and writes no result before the first measurement.
    dryRun: result?.dryRun ?? isDryRun(name),
    attempts: result?.attempts ?? [],
    counts: result?.counts,
    ...containersOf(providers.job, fillIn),
    lifetime: providerLifetime(providers.job),
    initialDelayMs: (typeof initialDelay === "string" && parseGoDuration(fillIn(initialDelay))) || 0,
    measuring: measuringOf(metric, fillIn),
  };
}

/** The containers of a Job; none if Kubernetes would not accept the Job. */
function containersOf(job: unknown, fillIn: FillIn): Pick<Metric, "containers" | "defaultContainer"> {
  try {
    const template = requiredFields(optionalFields(optionalFields(job, "job")?.spec, "spec")?.template, "template");
    const annotations = textMap(optionalFields(template.metadata, "metadata")?.annotations, "annotations");
    const pod = optionalFields(template.spec, "spec");
    const container =
      (init: boolean) =>
      ({ name }: Fields): Container => ({ name: requiredText(name, "name"), init });
    const containers = [
      ...listOf(pod?.initContainers, "initContainers").map(container(true)),
      ...listOf(pod?.containers, "containers").map(container(false)),
    ];
    return {
      containers: containers.map(({ name, init }) => ({ name: fillIn(name), init })),
      defaultContainer: fillIn(annotations["kubectl.kubernetes.io/default-container"] ?? "") || undefined,
    };
  } catch (error) {
    if (error instanceof ShapeError) return { containers: [], defaultContainer: undefined };
    throw error;
  }
}

function attemptsOf(result: Fields, namespace: string): Attempt[] {
  const measurements = listOf(result.measurements, "status.metricResults[].measurements").map((each) => ({
    metadata: textMap(each.metadata, "status.metricResults[].measurements[].metadata"),
    phase: phaseOf(each.phase),
    message: optionalText(each.message, "status.metricResults[].measurements[].message") ?? "",
    value: optionalText(each.value, "status.metricResults[].measurements[].value") ?? "",
    startedAt: optionalText(each.startedAt, "status.metricResults[].measurements[].startedAt") || undefined,
    endedAt: optionalText(each.finishedAt, "status.metricResults[].measurements[].finishedAt") || undefined,
  }));
  const count = counterOf(result.count);
  const error = counterOf(result.error);
  const running = measurements.filter((each) => each.endedAt === undefined).length;
  return measurements.map(({ metadata, ...measurement }, index) => {
    const name = metadata["job-name"];
    // Argo Rollouts numbers Jobs by the count of finished measurements, which gives the number of one without a Job
    // too.
    const counted = Math.max(1, Math.min(count + error + running, MAX_NUMBER) - (measurements.length - 1 - index));
    return {
      number: Number(name?.match(/\.([1-9]\d{0,8})$/)?.[1] ?? counted),
      ...measurement,
      // Older controllers name no namespace: they made Jobs in the run's own.
      claimedJob: name ? { namespace: metadata["job-namespace"] || namespace, name } : undefined,
    };
  });
}

/**
 * Argo Rollouts fills in `{{args.name}}` when it measures; the run's specification keeps the placeholder. Beyond the
 * limit, placeholders are kept: a run of one megabyte could expand to gigabytes.
 */
function fillerOf(args: Readonly<Record<string, string>>): FillIn {
  let room = FILLED_LENGTH;
  return (text) => {
    if (!text.includes("{{")) return text;
    return text.replace(/\{\{\s*args\.([^{}\s]+)\s*\}\}/g, (whole, name: string) => {
      const value = Object.hasOwn(args, name) ? args[name] : undefined;
      if (value === undefined || value.length > room) return whole;
      room -= value.length;
      return value;
    });
  };
}

/** A known phase; anything else is `Unknown`. */
function phaseOf(phase: unknown): Phase {
  return PHASES.has(phase) ? (phase as Phase) : "Unknown";
}

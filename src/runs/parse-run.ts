import {
  type Fields,
  listOf,
  optionalFields,
  optionalText,
  requiredFields,
  requiredText,
  ShapeError,
  textMap,
} from "../kube/fields.ts";
import { boundedLabels, boundedName, createLeftOutCounts, cutText, MAX_FREIGHT, TEXT_LENGTH } from "./bounds.ts";
import { argumentsOf, createFillIn } from "./fill-in.ts";
import { metricsOf, timeIn } from "./parse-metrics.ts";
import { listedMessage, phaseOf, type Run, type RunSummary } from "./run.ts";
import { listedVerdict } from "./verdict.ts";

/** The metadata of a run, narrowed. */
interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly version: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of the Freight that own the run. */
  readonly freight: readonly string[];
  /** The Rollout that owns it. */
  readonly rollout: string | undefined;
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
    const verdict = listedVerdict(runOf(read));
    const { result, cause, failedDryRuns } = verdict;
    const isTold = result !== undefined || cause !== undefined || failedDryRuns.length > 0;
    return isTold ? { verdict } : {};
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
  const { labels, annotations, rollout } = meta;
  const leftOut = createLeftOutCounts();
  leftOut.freight = Math.max(0, meta.freight.length - MAX_FREIGHT);
  const args = argumentsOf(spec, leftOut);
  const fillIn = createFillIn(args);
  const metrics = metricsOf({ spec, status, namespace: meta.namespace, fillIn, leftOut });
  return {
    ...summaryOf(meta, status, cutText(optionalText(status?.message, "status.message") ?? "", TEXT_LENGTH)),
    ...versionOf(meta),
    promotion: nameIn(annotations["kargo.akuity.io/promotion"]),
    rollout,
    revision: rollout && nameIn(annotations["rollout.argoproj.io/revision"]),
    labels: boundedLabels(labels, leftOut),
    annotations: boundedLabels(annotations, leftOut),
    args,
    terminate: spec?.terminate === true,
    metrics,
    leftOut,
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
    ...ownersIn(metadata),
  };
}

function ownersIn({ ownerReferences }: Fields): Pick<Meta, "freight" | "rollout"> {
  const freight: string[] = [];
  let rollout: string | undefined;
  for (const owner of listOf(ownerReferences, "metadata.ownerReferences")) {
    const apiVersion = requiredText(owner.apiVersion, "metadata.ownerReferences[].apiVersion");
    const kind = requiredText(owner.kind, "metadata.ownerReferences[].kind");
    const name = requiredText(owner.name, "metadata.ownerReferences[].name");
    if (kind === "Freight" && apiVersion.startsWith("kargo.akuity.io/")) freight.push(name);
    if (kind === "Rollout" && apiVersion.startsWith("argoproj.io/")) rollout ??= boundedName(name);
  }
  return { freight, rollout };
}

function summaryOf(meta: Meta, status: Fields | undefined, message: string): RunSummary {
  const { namespace, name, uid, createdAt, labels, annotations, freight } = meta;
  return {
    namespace,
    name,
    // The label is truncated at 63 characters; Kargo then writes the whole name into an annotation.
    stage: nameIn(annotations["kargo.akuity.io/stage"] || labels["kargo.akuity.io/stage"]),
    phase: phaseOf(status?.phase),
    createdAt,
    startedAt: timeIn(status?.startedAt, "status.startedAt"),
    endedAt: timeIn(status?.completedAt, "status.completedAt"),
    uid,
    message,
    freightCollection: nameIn(labels["kargo.akuity.io/freight-collection"]),
    freight: freight.slice(0, MAX_FREIGHT).map(boundedName),
  };
}

/** A name of something else; none if it is missing or empty. */
function nameIn(text: string | undefined): string | undefined {
  return text ? boundedName(text) : undefined;
}

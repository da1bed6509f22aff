import { z } from "zod";
import { parseGoDuration } from "./go-duration.ts";
import { Counters, type MeasurementCounts, MeasuringFields, measuringOf } from "./measuring.ts";
import {
  type Attempt,
  type Container,
  LISTED_MESSAGE_LENGTH,
  type Metric,
  type Phase,
  type Run,
  type RunSummary,
} from "./run.ts";

const PHASES = ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"] as const;
const PhaseField = z.enum(PHASES).or(z.literal("")).nullish().catch(undefined);
const text = z.string().nullish();
/** The CRD demands one, but a cluster may have an older CRD, or none that checks. */
const MetricName = text.transform((name) => name ?? "");
/** How many characters of arguments are filled into all texts of a run. */
const FILLED_LENGTH = 1_000_000;
const texts = z.record(z.string(), z.string()).nullish();

/** Puts the run's arguments into a text. */
type FillIn = (text: string) => string;

const Meta = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: text.catch(undefined),
  creationTimestamp: z.string(),
  labels: texts,
  annotations: texts,
  ownerReferences: z.array(z.object({ apiVersion: z.string(), kind: z.string(), name: z.string() })).nullish(),
});

const Measurement = z.object({
  phase: PhaseField,
  message: text,
  value: text,
  startedAt: text,
  finishedAt: text,
  metadata: texts,
});

const MetricResult = z.looseObject({
  name: MetricName,
  phase: PhaseField,
  message: text,
  dryRun: z.boolean().nullish(),
  count: z.number().nullish(),
  error: z.number().nullish(),
  measurements: z.array(Measurement).nullish(),
});

const Containers = z.array(z.object({ name: z.string() })).nullish();
const JobProvider = z.object({
  spec: z
    .object({
      template: z.object({
        metadata: z.object({ annotations: texts }).nullish(),
        spec: z.object({ containers: Containers, initContainers: Containers }).nullish(),
      }),
    })
    .nullish(),
});

const Object_ = z.object({
  metadata: Meta,
  spec: z
    .object({
      metrics: z
        .array(
          z.object({
            ...MeasuringFields.shape,
            name: MetricName,
            initialDelay: text.catch(undefined),
            provider: z.record(z.string(), z.unknown()).nullish(),
          }),
        )
        .nullish(),
      args: z.array(z.object({ name: z.string(), value: text })).nullish(),
    })
    .nullish(),
  status: z
    .object({
      phase: PhaseField,
      message: text,
      startedAt: text,
      completedAt: text,
      metricResults: z.array(MetricResult).nullish(),
    })
    .nullish(),
});

const Summary = z.object({
  metadata: Meta,
  status: z.object({ phase: PhaseField, message: text.catch(""), startedAt: text, completedAt: text }).nullish(),
});

/** Reads what a list shows out of an AnalysisRun, or `undefined` where it is not one. */
export function parseRunSummary(object: unknown): RunSummary | undefined {
  const { data } = Summary.safeParse(object);
  return data && listedOf(data);
}

/** The same with the object's version, which is another with any change of it. */
export function parseVersionedSummary(object: unknown): RunSummary | undefined {
  const { data } = Summary.safeParse(object);
  return data && { ...listedOf(data), ...versionOf(data.metadata) };
}

function listedOf(object: z.infer<typeof Summary>): RunSummary {
  const summary = summaryOf(object);
  return { ...summary, message: summary.message.slice(0, LISTED_MESSAGE_LENGTH) };
}

function versionOf({ resourceVersion }: z.infer<typeof Meta>): { readonly version?: string } {
  return resourceVersion ? { version: resourceVersion } : {};
}

/**
 * Reads an AnalysisRun as Argo Rollouts and Kargo write it
 * (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/).
 *
 * @throws ZodError where it does not have the shape that its CRD demands.
 */
export function parseRun(object: unknown): Run {
  const { metadata, spec, status } = Object_.parse(object);
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const owners = metadata.ownerReferences ?? [];
  const rollout = owners.find((each) => each.kind === "Rollout" && each.apiVersion.startsWith("argoproj.io/"));
  const args: Record<string, string> = {};
  for (const { name, value } of spec?.args ?? []) if (typeof value === "string") args[name] = value;
  const fillIn = fillerOf(args);
  return {
    ...summaryOf({ metadata, status }),
    ...versionOf(metadata),
    promotion: annotations["kargo.akuity.io/promotion"] || undefined,
    rollout: rollout?.name,
    revision: rollout && (annotations["rollout.argoproj.io/revision"] || undefined),
    labels,
    annotations,
    args,
    metrics: (spec?.metrics ?? []).map((metric) => {
      const name = fillIn(metric.name);
      const result = status?.metricResults?.find((each) => each.name === name);
      const initialDelayMs = parseGoDuration(fillIn(metric.initialDelay ?? "")) ?? 0;
      const measuring = measuringOf(metric, fillIn);
      return { ...metricOf(name, metric.provider ?? {}, result, fillIn), initialDelayMs, measuring };
    }),
  };
}

function summaryOf({ metadata, status }: z.infer<typeof Summary>): RunSummary {
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    // The label is cut at 63 characters; Kargo then writes the whole name into an annotation.
    stage: metadata.annotations?.["kargo.akuity.io/stage"] || metadata.labels?.["kargo.akuity.io/stage"] || undefined,
    phase: phaseOf(status?.phase),
    createdAt: metadata.creationTimestamp,
    startedAt: status?.startedAt || undefined,
    endedAt: status?.completedAt || undefined,
    uid: metadata.uid,
    message: status?.message ?? "",
    freightCollection: metadata.labels?.["kargo.akuity.io/freight-collection"] || undefined,
    freight: (metadata.ownerReferences ?? [])
      .filter((each) => each.kind === "Freight" && each.apiVersion.startsWith("kargo.akuity.io/"))
      .map((each) => each.name),
  };
}

function metricOf(
  name: string,
  providers: Readonly<Record<string, unknown>>,
  result: z.infer<typeof MetricResult> | undefined,
  fillIn: FillIn,
): Omit<Metric, "initialDelayMs" | "measuring"> {
  const provider = Object.keys(providers)[0] ?? "";
  const template = JobProvider.safeParse(providers.job).data?.spec?.template;
  const container =
    (init: boolean) =>
    (each: { name: string }): Container => ({ name: fillIn(each.name), init });
  return {
    name,
    provider: "job" in providers ? "job" : provider,
    phase: phaseOf(result?.phase),
    message: result?.message ?? "",
    dryRun: result?.dryRun ?? false,
    attempts: attemptsOf(result),
    counts: result && countsOf(result),
    containers: [
      ...(template?.spec?.initContainers ?? []).map(container(true)),
      ...(template?.spec?.containers ?? []).map(container(false)),
    ],
    defaultContainer:
      fillIn(template?.metadata?.annotations?.["kubectl.kubernetes.io/default-container"] ?? "") || undefined,
  };
}

function countsOf(result: z.infer<typeof MetricResult>): MeasurementCounts | undefined {
  const counts = Counters.parse(result);
  const { successful, failed, inconclusive, error } = counts;
  return successful + failed + inconclusive + error > 0 ? counts : undefined;
}

function attemptsOf(result: z.infer<typeof MetricResult> | undefined): Attempt[] {
  const measurements = result?.measurements ?? [];
  const finished = (result?.count ?? 0) + (result?.error ?? 0);
  const running = measurements.filter((each) => !each.finishedAt).length;
  return measurements.map((each, index) => {
    const name = each.metadata?.["job-name"];
    const namespace = each.metadata?.["job-namespace"];
    // Argo Rollouts numbers Jobs by how many measurements were finished before, which tells the number of one that made no Job too.
    const counted = Math.max(1, Math.trunc(finished + running) - (measurements.length - 1 - index));
    return {
      number: Number(name?.match(/\.([1-9]\d{0,8})$/)?.[1] ?? counted),
      phase: phaseOf(each.phase),
      message: each.message ?? "",
      value: each.value ?? "",
      startedAt: each.startedAt || undefined,
      endedAt: each.finishedAt || undefined,
      claimedJob: name && namespace ? { namespace, name } : undefined,
    };
  });
}

/**
 * Argo Rollouts fills `{{args.name}}` in when it measures; the run's specification keeps the placeholder. Where a run's texts ask for more than any would, the placeholders stay:
 * of one megabyte they could make gigabytes.
 */
function fillerOf(args: Readonly<Record<string, string>>): FillIn {
  let room = FILLED_LENGTH;
  return (text) =>
    text.replace(/\{\{\s*args\.([^{}\s]+)\s*\}\}/g, (whole, name: string) => {
      const value = Object.hasOwn(args, name) ? args[name] : undefined;
      if (value === undefined || value.length > room) return whole;
      room -= value.length;
      return value;
    });
}

function phaseOf(phase: (typeof PHASES)[number] | "" | null | undefined): Phase {
  return phase || "Unknown";
}

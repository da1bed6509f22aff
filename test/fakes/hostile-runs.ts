import type { KubeObject } from "../../src/demo/objects.ts";

/** What etcd takes of one object by default, in bytes; a little less, for the API server's own fields. */
export const OBJECT_BYTES = 1_450_000;

/** Where a hostile run lies. */
export interface HostileRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One part of a run: `fill` puts about so many bytes of it into a run that is otherwise plain. */
export interface HostilePart {
  readonly name: string;
  fill(run: PlainRun, bytes: number): void;
}

/** A run with one Job metric, measured once, to which a hostile part is added. */
export interface PlainRun {
  readonly uid: string;
  readonly metadata: Record<string, unknown>;
  readonly spec: Record<string, unknown> & { readonly metrics: Record<string, unknown>[] };
  readonly status: Record<string, unknown> & { readonly metricResults: Record<string, unknown>[] };
  /** The metric `checks`, and its container template, result and measurement. */
  readonly metric: Record<string, unknown>;
  readonly template: { metadata?: unknown; readonly spec: Record<string, unknown> };
  readonly result: Record<string, unknown> & { readonly measurements: Record<string, unknown>[] };
  readonly measurement: Record<string, unknown>;
}

/** Every part of a run that its author may fill. */
export const HOSTILE_PARTS: readonly HostilePart[] = [
  part("metrics and results", (run, bytes) => {
    for (const name of names("m", bytes / 90)) {
      run.spec.metrics.push({ name, provider: { web: {} } });
      run.status.metricResults.push({ name, phase: "Successful" });
    }
  }),
  part("Job metrics, all measured", (run, bytes) => {
    for (const name of names("j", bytes / 350)) {
      run.spec.metrics.push({ ...run.metric, name });
      run.status.metricResults.push({ ...run.result, name });
    }
  }),
  part("results without a metric", (run, bytes) => {
    for (const name of names("r", bytes / 45)) run.status.metricResults.push({ name, phase: "Failed" });
  }),
  part("one name for all metrics", (run, bytes) => {
    for (const _ of names("", bytes / 350)) {
      run.spec.metrics.push({ ...run.metric });
      run.status.metricResults.push({ ...run.result });
    }
  }),
  part("a metric's name", (run, bytes) => {
    run.spec.metrics.push({ name: "n".repeat(bytes / 2), provider: {} });
    run.status.metricResults.push({ name: "n".repeat(bytes / 2), phase: "Failed" });
  }),
  part("measurements", (run, bytes) => {
    for (let at = 2; at < bytes / 190; at++) run.result.measurements.push(measurementOf(run.uid, at));
  }),
  part("measurements without anything", (run, bytes) => {
    for (let at = 0; at < bytes / 3; at++) run.result.measurements.push({});
  }),
  part("messages of measurements", (run, bytes) => {
    const message = "exceeded quota ".repeat(bytes / 15 / 20);
    for (let at = 2; at < 20; at++) run.result.measurements.push({ ...measurementOf(run.uid, at), message });
  }),
  part("a metric's message", (run, bytes) => {
    run.result.message = "failed (1) > ".repeat(bytes / 13);
  }),
  part("the run's message", (run, bytes) => {
    run.status.message = `metric "${" ".repeat(bytes)}`;
  }),
  part("a measured value", (run, bytes) => {
    run.measurement.value = "9".repeat(bytes);
  }),
  part("metadata of a measurement", (run, bytes) => {
    run.measurement.metadata = { ...(run.measurement.metadata as object), ...textsOf("k", bytes) };
  }),
  part("a Job's name", (run, bytes) => {
    run.result.measurements.push({
      ...measurementOf(run.uid, 2),
      metadata: { "job-name": `${run.uid}.${".1".repeat(bytes / 2)}` },
    });
  }),
  part("containers", (run, bytes) => {
    const containers = names("c", bytes / 24).map((name) => ({ name }));
    run.template.spec.containers = [{ name: "main" }, ...containers];
  }),
  part("init containers", (run, bytes) => {
    run.template.spec.initContainers = names("i", bytes / 24).map((name) => ({ name }));
  }),
  part("containers without a valid name", (run, bytes) => {
    const containers = names("a/../", bytes / 28).map((name) => ({ name }));
    run.template.spec.containers = [{ name: "main" }, ...containers];
  }),
  part("a container's name", (run, bytes) => {
    run.template.spec.containers = [{ name: "main" }, { name: "c".repeat(bytes) }];
  }),
  part("containers filled by arguments", (run, bytes) => {
    run.spec.args = [{ name: "a", value: "x".repeat(50) }];
    const containers = names("{{args.a}}", bytes / 34).map((name) => ({ name }));
    run.template.spec.containers = [{ name: "main" }, ...containers];
  }),
  part("placeholders that no argument fills", (run, bytes) => {
    run.metric.successCondition = "{{ args.none }}".repeat(bytes / 15);
  }),
  part("placeholders that never end", (run, bytes) => {
    run.metric.successCondition = "{{ args.a".repeat(bytes / 18) + "{{".repeat(bytes / 4);
  }),
  part("arguments", (run, bytes) => {
    run.spec.args = Object.entries(textsOf("arg", bytes)).map(([name, value]) => ({ name, value }));
  }),
  part("an argument that fills every text", (run, bytes) => {
    run.spec.args = [{ name: "a", value: "x".repeat(bytes / 2) }];
    for (const name of names("{{args.a}}", bytes / 2 / 110)) {
      run.spec.metrics.push({ name, successCondition: "{{args.a}}", interval: "{{args.a}}", provider: {} });
    }
  }),
  part("a condition", (run, bytes) => {
    run.metric.failureCondition = "result > 1 && ".repeat(bytes / 14);
  }),
  part("a duration", (run, bytes) => {
    run.metric.initialDelay = "1".repeat(bytes / 2);
    run.metric.interval = "1".repeat(bytes / 2);
  }),
  part("limits and counts", (run, bytes) => {
    run.metric.count = "1".repeat(bytes / 2);
    run.metric.failureLimit = "-".repeat(bytes / 2);
  }),
  part("dry-run rules", (run, bytes) => {
    run.spec.dryRun = names("dry-run-", bytes / 32).map((metricName) => ({ metricName }));
  }),
  part("dry-run rules that are costly", (run, bytes) => {
    const metricName = "([a-z]{0,30}[0-9]?){1,30}!";
    run.spec.dryRun = Array.from({ length: 500 }, (_, at) => ({ metricName: `${metricName}${at}` }));
    for (const name of names("m".repeat(200), bytes / 260)) run.spec.metrics.push({ name, provider: {} });
  }),
  part("dry runs that failed", (run, bytes) => {
    run.spec.dryRun = [{ metricName: "dry" }];
    for (const name of names("dry".repeat(80), bytes / 2 / 300)) {
      run.spec.metrics.push({ name, provider: {} });
      run.status.metricResults.push({ name, phase: "Failed", dryRun: true });
    }
  }),
  part("labels", (run, bytes) => addTo(run.metadata, "labels", textsOf("label", bytes))),
  part("annotations", (run, bytes) => addTo(run.metadata, "annotations", textsOf("annotation", bytes))),
  part("an annotation that names the Promotion", (run, bytes) => {
    addTo(run.metadata, "annotations", { "kargo.akuity.io/promotion": "p".repeat(bytes) });
  }),
  part("a label that names the Freight collection", (run, bytes) => {
    addTo(run.metadata, "labels", { "kargo.akuity.io/freight-collection": "f".repeat(bytes) });
  }),
  part("owners", (run, bytes) => {
    run.metadata.ownerReferences = names("freight", bytes / 90).map(freightOwner);
  }),
  part("an owner's name", (run, bytes) => {
    run.metadata.ownerReferences = [freightOwner("f".repeat(bytes))];
  }),
  part("a Rollout's name", (run, bytes) => {
    const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "r".repeat(bytes / 2) };
    run.metadata.ownerReferences = [owner];
    addTo(run.metadata, "annotations", { "rollout.argoproj.io/revision": "1".repeat(bytes / 2) });
  }),
  part("the default container", (run, bytes) => {
    run.template.metadata = { annotations: { "kubectl.kubernetes.io/default-container": "d".repeat(bytes) } };
  }),
  part("annotations of the pod", (run, bytes) => {
    run.template.metadata = { annotations: textsOf("annotation", bytes) };
  }),
  part("providers of a metric", (run, bytes) => {
    run.spec.metrics.push({ name: "wide", provider: textsOf("provider", bytes) });
  }),
  part("a provider's name", (run, bytes) => {
    run.spec.metrics.push({ name: "long", provider: { ["p".repeat(bytes)]: {} } });
  }),
  part("deep objects", (run, bytes) => {
    run.metric.deep = deep(Math.min(1_000, bytes / 6));
    run.metadata.deep = deep(Math.min(1_000, bytes / 6));
  }),
  part("deep lists", (run, bytes) => {
    let list: unknown[] = [];
    for (let at = 0; at < Math.min(1_000, bytes / 2); at++) list = [list];
    run.spec.templates = list;
  }),
  part("fields that nobody reads", (run, bytes) => {
    run.spec.templates = names("template", bytes / 60).map((name) => ({ name, spec: { metrics: [{ name }] } }));
  }),
  part("times", (run, bytes) => {
    run.status.startedAt = "2026-01-01T00:00:00.".padEnd(bytes / 2, "0");
    run.measurement.finishedAt = "9".repeat(bytes / 2);
  }),
  part("characters that JSON escapes", (run, bytes) => {
    run.status.message = "\u0001\ud800".repeat(bytes / 12);
  }),
];

/** A run that was measured once and failed, with so many bytes more in each of these parts. */
export function hostileRun(
  { namespace, name, uid }: HostileRef,
  parts: readonly { readonly part: HostilePart; readonly bytes: number }[],
): KubeObject {
  const template = { spec: { containers: [{ name: "main" }] } };
  const metric = { name: "checks", provider: { job: { spec: { template } } } };
  const measurement: Record<string, unknown> = measurementOf(uid, 1);
  const result = { name: "checks", phase: "Failed", count: 1, failed: 1, measurements: [measurement] };
  const run: PlainRun = {
    uid,
    metadata: {
      namespace,
      name,
      uid,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { "kargo.akuity.io/stage": "uat" },
    },
    spec: { metrics: [metric] },
    status: {
      phase: "Failed",
      startedAt: "2026-01-01T00:00:00Z",
      completedAt: "2026-01-01T00:05:00Z",
      metricResults: [result],
    },
    metric,
    template,
    result,
    measurement,
  };
  for (const { part: each, bytes } of parts) each.fill(run, Math.floor(bytes));
  const { metadata, spec, status } = run;
  return { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata, spec, status } as unknown as KubeObject;
}

function part(name: string, fill: HostilePart["fill"]): HostilePart {
  return { name, fill };
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: Math.floor(count) }, (_, index) => `${prefix}${index}`);
}

/** A map of short texts. */
function textsOf(prefix: string, bytes: number): Record<string, string> {
  return Object.fromEntries(names(prefix, bytes / (prefix.length + 34)).map((key) => [key, "x".repeat(20)]));
}

function addTo(metadata: Record<string, unknown>, field: string, texts: Record<string, string>): void {
  metadata[field] = { ...(metadata[field] as object | undefined), ...texts };
}

function freightOwner(name: string): object {
  return { apiVersion: "kargo.akuity.io/v1alpha1", kind: "Freight", name };
}

function measurementOf(uid: string, number: number): Record<string, unknown> {
  return {
    phase: "Failed",
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:05:00Z",
    metadata: { "job-name": `${uid}.checks.${number}` },
  };
}

function deep(levels: number): object {
  let object: object = {};
  for (let at = 0; at < levels; at++) object = { a: object };
  return object;
}

import type { KubeObject } from "../../src/demo/objects.ts";

/** A metric of a made run, and its one measurement. */
export interface MadeResult {
  readonly name: string;
  /** Default: `job`. */
  readonly provider?: string;
  readonly phase: string;
  readonly dryRun?: boolean;
  readonly message?: string;
  /** What the measurement holds, beside its phase and times. `null`: there was none. */
  readonly measurement?: object | null;
  /** The same of earlier measurements, oldest first. */
  readonly earlier?: readonly object[];
  /** More of the metric's specification. */
  readonly spec?: object;
  /** More of the Job's. */
  readonly jobSpec?: object;
  /** More of its pods'. */
  readonly podSpec?: object;
}

/** A run whose object stands in the status as Argo Rollouts writes it. */
export interface MadeVerdict {
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly message?: string;
  readonly spec?: object;
  readonly metrics: readonly MadeResult[];
}

const STARTED = "2026-01-01T00:00:00Z";
const ENDED = "2026-01-01T00:01:00Z";

/** The Job of a metric's only measurement. */
export function jobOf(uid: string, metric: string): string {
  return `${uid}.${metric}.1`;
}

/** Makes the run, in the project `shop` and of the Stage `uat`. */
export function verdictRun({ name, uid, phase, message = "", spec = {}, metrics }: MadeVerdict): KubeObject {
  const isOpen = phase === "Running";
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace: "shop", uid, labels: { "kargo.akuity.io/stage": "uat" } },
    spec: { ...spec, metrics: metrics.map(metricSpec) },
    status: {
      phase,
      message,
      startedAt: STARTED,
      ...(!isOpen && { completedAt: ENDED }),
      metricResults: metrics.map((each) => resultOf(uid, each)),
    },
  };
}

function metricSpec({ name, provider = "job", spec = {}, jobSpec = {}, podSpec = {} }: MadeResult): object {
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "main" }], ...podSpec } };
  return { name, provider: { [provider]: provider === "job" ? { spec: { ...jobSpec, template } } : {} }, ...spec };
}

function resultOf(uid: string, made: MadeResult) {
  const { name, provider = "job", phase, dryRun, message = "", measurement = {}, earlier = [] } = made;
  const job = { "job-name": jobOf(uid, name), "job-namespace": "shop" };
  const metadata = provider === "job" && { metadata: job };
  const times = { startedAt: STARTED, ...(phase !== "Running" && { finishedAt: ENDED }) };
  return {
    name,
    phase,
    message,
    ...(dryRun && { dryRun }),
    measurements: [
      ...earlier.map((each) => ({ phase, startedAt: STARTED, finishedAt: ENDED, ...metadata, ...each })),
      ...(measurement === null ? [] : [{ phase, ...times, ...metadata, ...measurement }]),
    ],
  };
}

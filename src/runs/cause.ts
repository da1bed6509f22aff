import type { PodGone } from "./job-lifetime.ts";
import { type Attempt, listedMessage, type Metric, type Run } from "./run.ts";

/** Who has to act on it. `undefined`: unknown. */
export type CauseKind = "test-failed" | "infrastructure" | "configuration" | "stopped" | "no-verdict" | undefined;

/** What happened. `undefined`: unknown. */
export type CauseReason =
  /** The Job failed, and the exit code is unknown. */
  | "job-failed"
  /** The measured value does not meet the metric's condition. */
  | "condition-not-met"
  /** Nothing could be measured. */
  | "not-measured"
  | "inconclusive"
  | "stopped"
  | "job-not-created"
  | "quota"
  | "deadline"
  | "image"
  | "container-config"
  | "evicted"
  | "node-shutdown"
  | "preempted"
  /** Its node was lost or drained. */
  | "node-lost"
  /** No node accepts it. */
  | "unschedulable"
  | "out-of-memory"
  /** A container exited with a code other than 0. */
  | "exit-code"
  /** Kubernetes ended the pod for another reason. */
  | "pod-ended"
  /** The run contradicts itself. */
  | "contradiction"
  | undefined;

/** Why a run has its result. */
export interface Cause {
  readonly kind: CauseKind;
  readonly reason: CauseReason;
  /** Empty if no metric decided. */
  readonly metric: string;
  readonly provider: string;
  /** 0: none. */
  readonly attempt: number;
  readonly attempts: number;
  /** The last measured value. Empty for Jobs. */
  readonly value: string;
  /** Argo Rollouts' message, unless it only names the limit. */
  readonly message: string;
  readonly limit: ExceededLimit | undefined;
  /** How long the run had been running when it was stopped, in milliseconds. */
  readonly elapsedMs: number | undefined;
  /** Whether the metric of a stopped run is measured until somebody ends the run, and measurements had passed. */
  readonly openEnded: boolean;
  /** How often the Job may retry, if it failed because its retries did. */
  readonly backoffLimit: number | undefined;
  /** Empty in lists, and if no pod of the attempt exists. */
  readonly pod: string;
  readonly container: string;
  /** Whether the container is not part of the Job's template. */
  readonly added: boolean;
  readonly exitCode: number | undefined;
  /** Kubernetes' reason. */
  readonly kubernetesReason: string;
  /** What the node was low on when it evicted the pod. */
  readonly resource: string;
  /** The pod's completion index, if the Job is Indexed. */
  readonly index: number | undefined;
  /** How many pods of the attempt ran side by side, and how many of them failed by themselves. 0 if there was one. */
  readonly pods: number;
  readonly failedPods: number;
  /** Why the attempt's pods are gone; `undefined` if one exists, or no source reads pods. */
  readonly gone: PodGone | undefined;
}

/** A limit of the metric that was exceeded. */
export interface ExceededLimit {
  readonly what: "failed" | "inconclusive" | "consecutive-errors";
  readonly counted: number;
  readonly allowed: number;
}

/** What a run's object says of a metric and an attempt, whatever the cause. */
export function unexplained(run: Run, metric: Metric | undefined, attempt: Attempt | undefined): Cause {
  const said = [attempt?.message, metric?.message, run.message].find((each) => each && !isAboutLimit(each)) ?? "";
  return {
    kind: undefined,
    reason: undefined,
    metric: metric?.name ?? "",
    provider: metric?.provider ?? "",
    attempt: attempt?.number ?? 0,
    attempts: Math.max(metric?.attempts.length ?? 0, attempt?.number ?? 0),
    value: metric?.provider === "job" ? "" : listedMessage(metric?.attempts.at(-1)?.value ?? ""),
    message: listedMessage(said),
    limit: metric && limitOf(run, metric),
    elapsedMs: undefined,
    openEnded: false,
    backoffLimit: /\bbackoff ?limit\b/i.test(attempt?.message ?? "") ? metric?.lifetime.backoffLimit : undefined,
    pod: "",
    container: "",
    added: false,
    exitCode: undefined,
    kubernetesReason: "",
    resource: "",
    index: undefined,
    pods: 0,
    failedPods: 0,
    gone: undefined,
  };
}

/** Finds the cause by the run's object. */
export function objectCause(
  run: Run,
  metric: Metric | undefined,
  attempt: Attempt | undefined,
  known: "stopped" | "contradiction" | undefined,
): Cause {
  const common = unexplained(run, metric, attempt);
  if (known === "stopped") {
    const openEnded = metric !== undefined && wasMeasuredUntilTheEnd(metric);
    return { ...common, kind: "stopped", reason: "stopped", elapsedMs: elapsed(run, attempt), openEnded, message: "" };
  }
  if (metric === undefined && NOT_STARTED.test(run.message)) {
    return { ...common, kind: "configuration", reason: "not-measured" };
  }
  if (known === "contradiction" || metric === undefined) return { ...common, reason: known ?? "contradiction" };
  return { ...common, ...why(metric, attempt, common.message) };
}

/** Argo Rollouts' messages about a run whose specification it does not accept (analysis/analysis.go). */
const NOT_STARTED = /^(Unable to resolve metric arguments|Analysis spec invalid)\b/;

/** Whether a metric is measured until the run is ended, and has passed before it was. */
function wasMeasuredUntilTheEnd({ measuring, attempts, counts }: Metric): boolean {
  const passed = attempts.filter(({ phase, message }) => phase === "Successful" && !saysStopped(message)).length;
  return measuring.count === 0 && (passed > 0 || (counts?.successful ?? 0) > 1);
}

/** Argo Rollouts' messages about what it stopped (metricproviders/job/job.go, analysis/analysis.go). */
export function saysStopped(message: string): boolean {
  return /^(metric|run) terminated$/i.test(message.trim());
}

type Why = Pick<Cause, "kind" | "reason">;

function why(metric: Metric, attempt: Attempt | undefined, message: string): Why {
  const isJob = metric.provider === "job";
  // Kubernetes' words in the message of another provider are not about a Job.
  const isUncreated = isJob && metric.phase === "Error" && attempt !== undefined && attempt.claimedJob === undefined;
  const told = isJob ? toldBy(message) : undefined;
  if (told !== undefined && (!isUncreated || told.reason === "quota")) return told;
  if (metric.phase === "Inconclusive") return { kind: "no-verdict", reason: "inconclusive" };
  if (metric.phase === "Error") {
    const kind = CONFIGURATION.test(message) ? "configuration" : undefined;
    return { kind, reason: isUncreated ? "job-not-created" : "not-measured" };
  }
  if (attempt === undefined) return { kind: undefined, reason: undefined };
  // Of a Job that failed, the run does not say whether its test did, or Kubernetes ended the pod.
  return isJob ? { kind: undefined, reason: "job-failed" } : { kind: "test-failed", reason: "condition-not-met" };
}

/** Messages about an object that Kubernetes does not accept, or that names what does not exist. */
const CONFIGURATION =
  /\b(is invalid|is forbidden|denied the request|unknown field|strict decoding error|(secrets?|configmaps?|namespaces?|serviceaccounts?) "[^"]*" not found)\b|\bcannot unmarshal\b/i;

/** Kubernetes' phrases in a message: of a Job's condition, of a pod, or of a rejected object. */
const TOLD: readonly (readonly [RegExp, Why])[] = [
  [/\bexceeded quota\b/i, { kind: "infrastructure", reason: "quota" }],
  [/\b(longer than (the )?specified deadline|DeadlineExceeded)\b/, { kind: "infrastructure", reason: "deadline" }],
  [/\bInvalidImageName\b/, { kind: "configuration", reason: "image" }],
  [/\b(ImagePullBackOff|ErrImage\w+)\b/, { kind: "infrastructure", reason: "image" }],
  [/\bCreateContainerConfigError\b/, { kind: "configuration", reason: "container-config" }],
  [/\b(secrets?|configmaps?) "[^"]*" not found\b/i, { kind: "configuration", reason: "container-config" }],
  [/\b(Evicted|was evicted)\b/, { kind: "infrastructure", reason: "evicted" }],
];

function toldBy(message: string): Why | undefined {
  return TOLD.find(([words]) => words.test(message))?.[1];
}

/** `Metric "robot" assessed Failed due to failed (2) > failureLimit (1)`: `limit` already holds all of it. */
function isAboutLimit(message: string): boolean {
  return /^(metric "[^"]*" )?assessed \w+ due to \w+ \(\d+\) > \w+ \(\d+\)\s*$/i.test(message.trim());
}

/**
 * Argo Rollouts writes `failed (2) > failureLimit (1)` into the message (analysis/analysis.go,
 * assessMetricFailureInconclusiveOrError), and into the run's with the metric's name before it.
 */
function limitOf(run: Run, { name, message }: Metric): ExceededLimit | undefined {
  return limitIn(message) ?? (run.message.includes(`"${name}"`) ? limitIn(run.message) : undefined);
}

const LIMITS: Readonly<Record<string, ExceededLimit["what"]>> = {
  failed: "failed",
  inconclusive: "inconclusive",
  consecutiveErrors: "consecutive-errors",
};

function limitIn(message: string): ExceededLimit | undefined {
  const found = /\b(failed|inconclusive|consecutiveErrors) \((\d{1,9})\) > \w+ \((\d{1,9})\)/.exec(message);
  const what = LIMITS[found?.[1] ?? ""];
  return what && { what, counted: Number(found?.[2]), allowed: Number(found?.[3]) };
}

/** Two times that are a year apart do not belong together: one is Go's zero time, for example. */
const MAX_ELAPSED_MS = 366 * 86_400_000;

/** From the run's start to its end, or the measurement's if those are unknown. */
function elapsed(run: Run, attempt: Attempt | undefined): number | undefined {
  const ms = Date.parse(run.endedAt ?? attempt?.endedAt ?? "") - Date.parse(run.startedAt ?? attempt?.startedAt ?? "");
  return ms >= 0 && ms <= MAX_ELAPSED_MS ? ms : undefined;
}

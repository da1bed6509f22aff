import type { PodGone } from "./job-lifetime.ts";
import { type Attempt, LISTED_MESSAGE_LENGTH, type Metric, type Run } from "./run.ts";

/** Whose matter it is. `undefined`: not known. */
export type CauseKind = "test-failed" | "infrastructure" | "configuration" | "stopped" | "no-verdict" | undefined;

/** What happened. `undefined`: not known. */
export type CauseReason =
  /** The Job failed: its container's exit code is not known. */
  | "job-failed"
  /** The measured value does not fulfil the metric's condition. */
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
  /** Its node is gone, or was cleared. */
  | "node-lost"
  /** It is on no node. */
  | "unschedulable"
  | "out-of-memory"
  /** A container ended with another exit code than 0. */
  | "exit-code"
  /** Kubernetes ended the pod for another reason. */
  | "pod-ended"
  /** What the run says contradicts itself. */
  | "contradiction"
  | undefined;

/** Why a run has its result. */
export interface Cause {
  readonly kind: CauseKind;
  readonly reason: CauseReason;
  /** Empty where no metric decided. */
  readonly metric: string;
  readonly provider: string;
  /** 0 where there is none. */
  readonly attempt: number;
  readonly attempts: number;
  /** The last measured value. Empty for Jobs. */
  readonly value: string;
  /** What Argo Rollouts says beside the limit; empty where that is all. */
  readonly message: string;
  readonly limit: ExceededLimit | undefined;
  /** For how long the run ran before it was stopped, in milliseconds. */
  readonly elapsedMs: number | undefined;
  /** What explains it in the cluster; empty in a list, and where the cluster has no pod of the attempt. */
  readonly pod: string;
  readonly container: string;
  /** Whether the container is not of the Job's template. */
  readonly added: boolean;
  readonly exitCode: number | undefined;
  /** Kubernetes' word for it. */
  readonly kubernetesReason: string;
  /** What the node was low on when it evicted the pod. */
  readonly resource: string;
  /** Where the Job numbers its pods: which one it is. */
  readonly index: number | undefined;
  /** How many pods of the attempt ran side by side, and how many failed by themselves. 0 where there was one. */
  readonly pods: number;
  readonly failedPods: number;
  /** Why the attempt's pods are gone; `undefined` where there is one, or where nothing reads pods. */
  readonly gone: PodGone | undefined;
}

/** A limit of the metric that was exceeded. */
export interface ExceededLimit {
  readonly what: "failed" | "inconclusive" | "consecutive-errors";
  readonly counted: number;
  readonly allowed: number;
}

/** Finds out of a run's object why its metric decided as it did. */
export function objectCause(
  run: Run,
  metric: Metric | undefined,
  attempt: Attempt | undefined,
  known: "stopped" | "contradiction" | undefined,
): Cause {
  const said = [attempt?.message, metric?.message, run.message].find((each) => each && !isAboutLimit(each)) ?? "";
  const common = {
    metric: metric?.name ?? "",
    provider: metric?.provider ?? "",
    attempt: attempt?.number ?? 0,
    attempts: Math.max(metric?.attempts.length ?? 0, attempt?.number ?? 0),
    value: metric?.provider === "job" ? "" : (metric?.attempts.at(-1)?.value ?? "").slice(0, LISTED_MESSAGE_LENGTH),
    message: said.slice(0, LISTED_MESSAGE_LENGTH),
    limit: metric && limitOf(run, metric),
    elapsedMs: undefined,
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
  if (known === "stopped") {
    return { ...common, kind: "stopped", reason: "stopped", elapsedMs: elapsed(run, attempt), message: "" };
  }
  if (known === "contradiction" || metric === undefined) {
    return { ...common, kind: undefined, reason: known ?? "contradiction" };
  }
  return { ...common, ...why(metric, attempt, common.message) };
}

type Why = Pick<Cause, "kind" | "reason">;

function why(metric: Metric, attempt: Attempt | undefined, message: string): Why {
  const isJob = metric.provider === "job";
  const told = isJob || metric.phase !== "Failed" ? toldBy(message) : undefined;
  if (told !== undefined) return told;
  if (metric.phase === "Inconclusive") return { kind: "no-verdict", reason: "inconclusive" };
  if (isJob && attempt !== undefined && attempt.claimedJob === undefined) {
    return { kind: "configuration", reason: "job-not-created" };
  }
  if (metric.phase === "Error") return { kind: undefined, reason: "not-measured" };
  return { kind: "test-failed", reason: isJob ? "job-failed" : "condition-not-met" };
}

/** What Kubernetes' own words in a message tell: of a Job's condition, of a pod, or of a refused object. */
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

/** `Metric "robot" assessed Failed due to failed (2) > failureLimit (1)`: what it says of the limit is in `limit`. */
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
  const found = /\b(failed|inconclusive|consecutiveErrors) \((\d{1,10})\) > \w+ \((\d{1,10})\)/.exec(message);
  const what = LIMITS[found?.[1] ?? ""];
  return what && { what, counted: Number(found?.[2]), allowed: Number(found?.[3]) };
}

/** From the run's start to its end; where that is not told, its measurement's. */
function elapsed(run: Run, attempt: Attempt | undefined): number | undefined {
  const ms = Date.parse(run.endedAt ?? attempt?.endedAt ?? "") - Date.parse(run.startedAt ?? attempt?.startedAt ?? "");
  return ms >= 0 ? ms : undefined;
}

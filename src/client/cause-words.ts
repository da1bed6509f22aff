import {
  type Cause,
  CauseKind,
  CauseReason,
  type Pod,
  PodGoneReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { verbatim } from "./emphasis.ts";

/** What a cause is called, and one sentence for each reason. `**` marks emphasis. */
export interface CauseWords {
  readonly kinds: {
    readonly testFailed: string;
    readonly jobFailed: string;
    readonly infrastructure: string;
    readonly configuration: string;
    readonly stopped: string;
    readonly noVerdict: string;
    readonly unknown: string;
  };
  jobFailed(metric: string, attempt: number, attempts: number): string;
  conditionNotMet(metric: string, value: string): string;
  notMeasured(metric: string, message: string): string;
  /** The run's specification was not accepted. */
  nothingMeasured(message: string): string;
  /** No measurement of the metric is recorded. */
  noMeasurement(metric: string): string;
  inconclusive(metric: string): string;
  /** @param elapsed for how long the run had been running; may be empty. */
  stopped(elapsed: string): string;
  /** The metric is measured until the run is ended. */
  measuredUntilStopped(metric: string, elapsed: string): string;
  jobNotCreated(metric: string, message: string): string;
  quota(metric: string, message: string): string;
  deadline(metric: string): string;
  imageNotPulled(metric: string, message: string): string;
  imageInvalid(metric: string): string;
  containerConfig(metric: string, message: string): string;
  /** @param resource what the node was low on; may be empty, and then `message` says why. */
  evicted(metric: string, resource: string, message: string): string;
  nodeShutdown(metric: string): string;
  preempted(metric: string): string;
  nodeLost(metric: string): string;
  unschedulable(metric: string, message: string): string;
  outOfMemory(container: string): string;
  exitCode(container: string, code: string): string;
  /** Of a container that is not part of the template. */
  addedExitCode(container: string, code: string): string;
  /** The template's container has ended, but an added one keeps the job from ending. */
  heldUp(container: string, code: string, ago: string, by: string): string;
  podEnded(metric: string, reason: string, message: string): string;
  /** How often the Job may retry. */
  backoffLimit(limit: number): string;
  /** @param each the index, or name, of each pod with its exit code; may be empty. */
  podsFailed(failed: number, pods: number, each: string): string;
  podExit(pod: string, code: string): string;
  /** Why the pod is gone, and what helps. */
  gone: {
    readonly unknown: string;
    readonly restartPolicy: string;
    deadline(seconds: number): string;
    ttl(seconds: number): string;
  };
  index(index: number): string;
  /** The run passed, but a metric did not. */
  passedThough(metric: string): string;
  /** The run did not pass, but no metric says why. */
  noMetric: string;
  /** What is only known by its kind. */
  other(metric: string): string;
}

export const englishCause: CauseWords = {
  kinds: {
    testFailed: "Test failed",
    jobFailed: "Job failed",
    infrastructure: "Infrastructure",
    configuration: "Configuration",
    stopped: "Stopped",
    noVerdict: "No verdict",
    unknown: "Cause unknown",
  },
  jobFailed: (metric, attempt, attempts) =>
    `The job of **${metric}** failed${attempts > 1 ? `, attempt ${attempt} of ${attempts}` : ""}.`,
  conditionNotMet: (metric, value) =>
    value === ""
      ? `**${metric}** does not meet its condition.`
      : `**${metric}** is **${value}**, which is not allowed.`,
  notMeasured: (metric, message) => `**${metric}** could not be measured${colon(message)}`,
  nothingMeasured: (message) => `Nothing could be measured${colon(message)}`,
  noMeasurement: (metric) => `**${metric}** did not pass, but no measurement of it is recorded.`,
  inconclusive: (metric) => `**${metric}** came to no verdict.`,
  stopped: (elapsed) => `It was stopped before it had a verdict${elapsed && ` (after ${elapsed})`}.`,
  measuredUntilStopped: (metric, elapsed) =>
    `**${metric}** was measured until the run was stopped${elapsed && ` (after ${elapsed})`}; ` +
    "its last measurement is incomplete.",
  jobNotCreated: (metric, message) => `The job of **${metric}** could not be created${colon(message)}`,
  quota: (metric, message) => `A quota does not allow the job of **${metric}**${colon(message)}`,
  deadline: (metric) => `**${metric}** ran for longer than its deadline allows.`,
  imageNotPulled: (metric, message) => `An image of **${metric}** could not be pulled${colon(message)}`,
  imageInvalid: (metric) => `An image of **${metric}** has an invalid name.`,
  containerConfig: (metric, message) => `A container of **${metric}** could not be started${colon(message)}`,
  evicted: (metric, resource, message) =>
    `Kubernetes evicted the pod of **${metric}**` +
    (resource === "" ? colon(message) : `: the node was low on **${resource}**.`),
  nodeShutdown: (metric) => `The node of **${metric}** was shut down.`,
  preempted: (metric) => `Kubernetes gave the place of the pod of **${metric}** to a pod with a higher priority.`,
  nodeLost: (metric) => `The node of **${metric}** was lost or cleared.`,
  unschedulable: (metric, message) => `The pod of **${metric}** could not be scheduled${colon(message)}`,
  outOfMemory: (container) => `Container **${container}** was killed: it ran **out of memory**.`,
  exitCode: (container, code) => `Container **${container}** exited with **${code}**.`,
  addedExitCode: (container, code) =>
    `Container **${container}**, which the cluster added to the pod, exited with **${code}**.`,
  heldUp: (container, code, ago, by) =>
    `Container **${container}** exited with **${code}**${ago && ` ${ago} ago`}; the job waits for **${by}**, ` +
    "which the cluster added to the pod.",
  podEnded: (metric, reason, message) => `Kubernetes ended the pod of **${metric}** (${reason})${colon(message)}`,
  backoffLimit: (limit) =>
    limit === 0
      ? "Its **backoffLimit** of **0** allows no retry."
      : `Its **backoffLimit** allows **${limit}** retries.`,
  podsFailed: (failed, pods, each) => `**${failed} of ${pods}** pods failed${each && `: ${each}`}.`,
  podExit: (pod, code) => `${pod} exit code ${code}`,
  gone: {
    unknown: "The pod is gone, so its exit code is unknown.",
    restartPolicy:
      "The pod is gone: its **restartPolicy** is **OnFailure**, so Kubernetes deleted it when the job failed. " +
      "**restartPolicy: Never**, or an archive, keeps the log.",
    deadline: (seconds) =>
      `The pod is gone: Kubernetes deleted it when the job's deadline of **${seconds} s** passed. ` +
      "An archive keeps the log.",
    ttl: (seconds) =>
      `The pod is gone: Kubernetes deletes the job **${seconds} s** after its end (ttlSecondsAfterFinished). ` +
      "An archive keeps the log.",
  },
  index: (index) => `index ${index}`,
  passedThough: (metric) => `The run reports that it passed, but its metric **${metric}** did not.`,
  noMetric: "The run does not report which metric decided.",
  other: (metric) => `**${metric}** did not pass.`,
};

function colon(message: string): string {
  return message === "" ? "." : `: ${message}`;
}

/** Whose matter a cause is, in words. */
export function causeKindText({ kind, reason }: Cause, { kinds }: CauseWords): string {
  switch (kind) {
    case CauseKind.TEST_FAILED:
      return kinds.testFailed;
    case CauseKind.INFRASTRUCTURE:
      return kinds.infrastructure;
    case CauseKind.CONFIGURATION:
      return kinds.configuration;
    case CauseKind.STOPPED:
      return kinds.stopped;
    case CauseKind.NO_VERDICT:
      return kinds.noVerdict;
    default:
      return reason === CauseReason.JOB_FAILED ? kinds.jobFailed : kinds.unknown;
  }
}

/** A cause in one sentence. A reason that this release does not know is worded by its metric. */
export function causeSentence(cause: Cause, words: CauseWords, elapsed: string): string {
  const [metric, message] = [verbatim(cause.metricName), verbatim(cause.message)];
  switch (cause.reason) {
    case CauseReason.JOB_FAILED:
      return words.jobFailed(metric, cause.attempt, cause.attempts);
    case CauseReason.CONDITION_NOT_MET:
      return words.conditionNotMet(metric, verbatim(cause.value));
    case CauseReason.NOT_MEASURED:
      return metric === "" ? words.nothingMeasured(message) : words.notMeasured(metric, message);
    case CauseReason.INCONCLUSIVE:
      return words.inconclusive(metric);
    case CauseReason.STOPPED:
      return cause.openEnded ? words.measuredUntilStopped(metric, elapsed) : words.stopped(elapsed);
    case CauseReason.JOB_NOT_CREATED:
      return words.jobNotCreated(metric, message);
    case CauseReason.QUOTA:
      return words.quota(metric, message);
    case CauseReason.DEADLINE:
      return words.deadline(metric);
    case CauseReason.IMAGE:
      return cause.kind === CauseKind.CONFIGURATION
        ? words.imageInvalid(metric)
        : words.imageNotPulled(metric, message);
    case CauseReason.CONTAINER_CONFIG:
      return words.containerConfig(metric, message);
    case CauseReason.EVICTED:
      return words.evicted(metric, cause.resource, message);
    case CauseReason.NODE_SHUTDOWN:
      return words.nodeShutdown(metric);
    case CauseReason.PREEMPTED:
      return words.preempted(metric);
    case CauseReason.NODE_LOST:
      return words.nodeLost(metric);
    case CauseReason.UNSCHEDULABLE:
      return words.unschedulable(metric, message);
    case CauseReason.OUT_OF_MEMORY:
      return words.outOfMemory(cause.containerName);
    case CauseReason.EXIT_CODE:
      return (cause.containerAdded ? words.addedExitCode : words.exitCode)(
        cause.containerName,
        String(cause.exitCode ?? "?"),
      );
    case CauseReason.POD_ENDED:
      return words.podEnded(metric, cause.kubernetesReason, message);
    case CauseReason.CONTRADICTION:
      return metric === "" ? words.noMetric : words.passedThough(metric);
    case CauseReason.UNSPECIFIED:
      return metric === "" ? words.noMetric : words.noMeasurement(metric);
    default:
      return metric === "" ? words.noMetric : words.other(metric);
  }
}

/** How often the Job may retry; empty if its retries are no cause, or its only pod explains it. */
export function retriesSentence({ backoffLimit, podGone }: Cause, words: CauseWords): string {
  const isTold = backoffLimit === 0 && podGone === PodGoneReason.UNSPECIFIED;
  return backoffLimit === undefined || isTold ? "" : words.backoffLimit(backoffLimit);
}

/** Why the pod of an attempt is gone; empty while there is one, and if that explains nothing. */
export function goneSentence({ reason, podGone, podGoneSeconds }: Cause, { gone }: CauseWords): string {
  if (reason === CauseReason.STOPPED) return "";
  switch (podGone) {
    case PodGoneReason.RESTART_POLICY:
      return gone.restartPolicy;
    case PodGoneReason.DEADLINE:
      return gone.deadline(podGoneSeconds);
    case PodGoneReason.TTL:
      return gone.ttl(podGoneSeconds);
    case PodGoneReason.UNKNOWN:
      return reason === CauseReason.JOB_FAILED ? gone.unknown : "";
    default:
      return "";
  }
}

/** At most so many pods are told one by one. */
const MAX_PODS = 10;

/** How many of several pods of one Job failed, and how each ended; empty unless several ran at once. */
export function podsSentence(cause: Cause, pods: readonly Pod[], words: CauseWords): string {
  if (cause.pods === 0) return "";
  const each = pods.slice(0, MAX_PODS).flatMap(({ name, completionIndex, containers }) => {
    const exits = containers.flatMap(({ exitCode, init }) => (exitCode === undefined || init ? [] : [exitCode]));
    const code = exits.find((exit) => exit !== 0) ?? exits[0];
    const pod = completionIndex === undefined ? name : words.index(completionIndex);
    return code === undefined ? [] : [words.podExit(pod, String(code))];
  });
  return words.podsFailed(cause.failedPods, cause.pods, each.join(", "));
}

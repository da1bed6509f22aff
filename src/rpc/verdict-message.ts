import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  CauseKind,
  CauseReason,
  type CauseSchema,
  CountedMeasurements,
  PodGoneReason,
  Verdict as Result,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Cause, ExceededLimit } from "../runs/cause.ts";
import type { PodGone } from "../runs/job-lifetime.ts";
import type { ObjectVerdict } from "../runs/run.ts";
import { given } from "./given.ts";

const RESULTS: Readonly<Record<NonNullable<ObjectVerdict["result"]>, Result>> = {
  passed: Result.PASSED,
  failed: Result.FAILED,
  none: Result.NONE,
};

const KINDS: Readonly<Record<NonNullable<Cause["kind"]>, CauseKind>> = {
  "test-failed": CauseKind.TEST_FAILED,
  infrastructure: CauseKind.INFRASTRUCTURE,
  configuration: CauseKind.CONFIGURATION,
  stopped: CauseKind.STOPPED,
  "no-verdict": CauseKind.NO_VERDICT,
};

const REASONS: Readonly<Record<NonNullable<Cause["reason"]>, CauseReason>> = {
  "job-failed": CauseReason.JOB_FAILED,
  "condition-not-met": CauseReason.CONDITION_NOT_MET,
  "not-measured": CauseReason.NOT_MEASURED,
  inconclusive: CauseReason.INCONCLUSIVE,
  stopped: CauseReason.STOPPED,
  "job-not-created": CauseReason.JOB_NOT_CREATED,
  quota: CauseReason.QUOTA,
  deadline: CauseReason.DEADLINE,
  image: CauseReason.IMAGE,
  "container-config": CauseReason.CONTAINER_CONFIG,
  evicted: CauseReason.EVICTED,
  "node-shutdown": CauseReason.NODE_SHUTDOWN,
  preempted: CauseReason.PREEMPTED,
  "node-lost": CauseReason.NODE_LOST,
  unschedulable: CauseReason.UNSCHEDULABLE,
  "out-of-memory": CauseReason.OUT_OF_MEMORY,
  "exit-code": CauseReason.EXIT_CODE,
  "pod-ended": CauseReason.POD_ENDED,
  contradiction: CauseReason.CONTRADICTION,
};

const COUNTED: Readonly<Record<ExceededLimit["what"], CountedMeasurements>> = {
  failed: CountedMeasurements.FAILED,
  inconclusive: CountedMeasurements.INCONCLUSIVE,
  "consecutive-errors": CountedMeasurements.CONSECUTIVE_ERRORS,
};

const GONE: Readonly<Record<NonNullable<PodGone["why"]> | "unknown", PodGoneReason>> = {
  unknown: PodGoneReason.UNKNOWN,
  "restart-policy": PodGoneReason.RESTART_POLICY,
  deadline: PodGoneReason.DEADLINE,
  ttl: PodGoneReason.TTL,
};

/** The result that a verdict of the contract stands for. */
export function resultOf(verdict: Result): ObjectVerdict["result"] {
  return (Object.keys(RESULTS) as (keyof typeof RESULTS)[]).find((each) => RESULTS[each] === verdict);
}

/** What a list tells of a run's verdict. */
export function verdictFields({ result, cause, failedDryRuns, moreFailedDryRuns }: ObjectVerdict) {
  return {
    verdict: result === undefined ? Result.UNSPECIFIED : RESULTS[result],
    ...(cause && { cause: causeMessage(cause) }),
    failedDryRuns: [...failedDryRuns],
    moreFailedDryRuns,
  };
}

/** A cause as the contract has it. */
export function causeMessage(cause: Cause): MessageInitShape<typeof CauseSchema> {
  const { kind, reason, limit, elapsedMs, gone } = cause;
  return {
    kind: kind === undefined ? CauseKind.UNSPECIFIED : KINDS[kind],
    reason: reason === undefined ? CauseReason.UNSPECIFIED : REASONS[reason],
    metricName: cause.metric,
    provider: cause.provider,
    attempt: cause.attempt,
    attempts: cause.attempts,
    value: cause.value,
    message: cause.message,
    podName: cause.pod,
    containerName: cause.container,
    containerAdded: cause.added,
    ...given("exitCode", cause.exitCode),
    kubernetesReason: cause.kubernetesReason,
    resource: cause.resource,
    ...given("completionIndex", cause.index),
    pods: cause.pods,
    failedPods: cause.failedPods,
    ...(gone && { podGone: GONE[gone.why ?? "unknown"], podGoneSeconds: gone.seconds }),
    ...(limit && { limit: { ...limit, what: COUNTED[limit.what] } }),
    openEnded: cause.openEnded,
    ...given("backoffLimit", cause.backoffLimit),
    ...(elapsedMs !== undefined && { elapsed: durationFromMs(elapsedMs) }),
  };
}

import { durationFromMs, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AnalysisPhase,
  ContainerState,
  EndReason,
  NoticeKind,
  SelectionReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { EndReasonName } from "../logs/end-reason.ts";
import type { NoticeName } from "../logs/frame.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";
import { listedMessage, type Metric, type Phase, type RunSummary } from "../runs/run.ts";
import type { Reason } from "../runs/selection.ts";
import { given } from "./given.ts";
import { verdictFields } from "./verdict-message.ts";

/** The contract's values for ours. */
export const PHASES: Readonly<Record<Phase, AnalysisPhase>> = {
  Unknown: AnalysisPhase.UNSPECIFIED,
  Pending: AnalysisPhase.PENDING,
  Running: AnalysisPhase.RUNNING,
  Successful: AnalysisPhase.SUCCESSFUL,
  Failed: AnalysisPhase.FAILED,
  Error: AnalysisPhase.ERROR,
  Inconclusive: AnalysisPhase.INCONCLUSIVE,
};

export const REASONS: Readonly<Record<Reason, SelectionReason>> = {
  named: SelectionReason.NAMED,
  only: SelectionReason.ONLY,
  failed: SelectionReason.FAILED,
  inconclusive: SelectionReason.INCONCLUSIVE,
  "default-annotation": SelectionReason.DEFAULT_ANNOTATION,
  first: SelectionReason.FIRST,
  last: SelectionReason.LAST,
  running: SelectionReason.RUNNING,
};

export const END_REASONS: Readonly<Record<EndReasonName, EndReason>> = {
  complete: EndReason.COMPLETE,
  "caught-up": EndReason.CAUGHT_UP,
  "source-ended": EndReason.SOURCE_ENDED,
  "limit-reached": EndReason.LIMIT_REACHED,
  "until-reached": EndReason.UNTIL_REACHED,
  "scan-budget-spent": EndReason.SCAN_BUDGET_SPENT,
  "source-failed": EndReason.SOURCE_FAILED,
  "source-stalled": EndReason.SOURCE_STALLED,
  "source-damaged": EndReason.SOURCE_DAMAGED,
  "server-limit-reached": EndReason.SERVER_LIMIT_REACHED,
  "server-shutdown": EndReason.SERVER_SHUTDOWN,
  "reader-stalled": EndReason.READER_STALLED,
  "authorization-lost": EndReason.AUTHORIZATION_LOST,
  "token-expired": EndReason.TOKEN_EXPIRED,
};

export const NOTICES: Readonly<Record<NoticeName, NoticeKind>> = {
  "looks-like-page": NoticeKind.LOOKS_LIKE_PAGE,
  "looks-like-answer": NoticeKind.LOOKS_LIKE_ANSWER,
  "log-damaged": NoticeKind.LOG_DAMAGED,
  decoded: NoticeKind.DECODED,
  "bytes-replaced": NoticeKind.BYTES_REPLACED,
  waiting: NoticeKind.WAITING,
  "source-changed": NoticeKind.SOURCE_CHANGED,
  moved: NoticeKind.SEAM,
  seam: NoticeKind.SEAM,
  "lines-lost": NoticeKind.LINES_LOST,
  "log-replaced": NoticeKind.LOG_REPLACED,
  "line-cut": NoticeKind.LINE_CUT,
  "pod-changed": NoticeKind.POD_CHANGED,
  "pod-ended": NoticeKind.POD_ENDED,
  "attempt-begins": NoticeKind.ATTEMPT_BEGINS,
  "attempt-left-out": NoticeKind.ATTEMPT_LEFT_OUT,
  "attempt-stopped": NoticeKind.ATTEMPT_STOPPED,
  "no-times": NoticeKind.NO_TIMES,
  "no-line-times": NoticeKind.NO_LINE_TIMES,
  "run-deleted": NoticeKind.RUN_DELETED,
  "container-left-out": NoticeKind.CONTAINER_LEFT_OUT,
  "pods-left-out": NoticeKind.PODS_LEFT_OUT,
  polling: NoticeKind.POLLING,
};

/** The contract's times are those of the years 1 to 9999. */
const FIRST_TIME = Date.parse("0001-01-01T00:00:00Z");
const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Converts a time to the contract's type; `undefined` if it is missing or invalid. */
export function timestamp(time: string | undefined): Timestamp | undefined {
  const ms = Date.parse(time ?? "");
  return ms >= FIRST_TIME && ms <= LAST_TIME ? timestampFromMs(ms) : undefined;
}

/** A run as it appears in lists. */
export function summaryMessage(run: RunSummary) {
  return {
    namespace: run.namespace,
    name: run.name,
    stage: run.stage ?? "",
    phase: PHASES[run.phase],
    ...given("createTime", timestamp(run.createdAt)),
    ...given("startTime", timestamp(run.startedAt)),
    ...given("endTime", timestamp(run.endedAt)),
    uid: run.uid,
    message: listedMessage(run.message),
    freightNames: [...run.freight],
    freightCollection: run.freightCollection ?? "",
    version: run.version ?? "",
    ...(run.verdict && verdictFields(run.verdict)),
  };
}

/** The fields of a metric's message about how it is measured, and the counts of its results. */
export function measuringMessage({ measuring, counts }: Metric) {
  const { intervalMs } = measuring;
  return {
    successCondition: measuring.successCondition,
    failureCondition: measuring.failureCondition,
    ...given("failureLimit", measuring.failureLimit),
    ...given("inconclusiveLimit", measuring.inconclusiveLimit),
    ...given("consecutiveErrorLimit", measuring.consecutiveErrorLimit),
    ...given("consecutiveSuccessLimit", measuring.consecutiveSuccessLimit),
    ...given("count", measuring.count),
    ...given("interval", intervalMs === undefined ? undefined : durationFromMs(Math.round(intervalMs))),
    ...given("counts", counts),
  };
}

const STATES: Readonly<Record<ContainerStatus["state"], ContainerState>> = {
  unknown: ContainerState.UNSPECIFIED,
  waiting: ContainerState.WAITING,
  running: ContainerState.RUNNING,
  terminated: ContainerState.TERMINATED,
};

/** Converts a pod to a message. */
export function podMessage({ name, phase, reason, message, createdAt, index, containers }: Pod) {
  return {
    name,
    phase,
    reason,
    message,
    ...given("createTime", timestamp(createdAt)),
    ...given("completionIndex", index),
    containers: containers.map((each) => ({
      name: each.name,
      init: each.init,
      state: STATES[each.state],
      ...given("exitCode", each.exitCode),
      reason: each.reason,
      message: each.message,
      restarts: each.restarts,
      ...given("startTime", timestamp(each.startedAt)),
      ...given("endTime", timestamp(each.endedAt)),
    })),
  };
}

import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AnalysisPhase, EndReason, NoticeKind, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { EndReasonName } from "../logs/end-reason.ts";
import type { NoticeName } from "../logs/frame.ts";
import { LISTED_MESSAGE_LENGTH, type Phase, type RunSummary } from "../runs/run.ts";
import type { Reason } from "../runs/selection.ts";
import { given } from "./given.ts";
import { verdictFields } from "./verdict-message.ts";

/** Our words for things, and the contract's. */
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
  "server-limit-reached": EndReason.SERVER_LIMIT_REACHED,
  "server-shutdown": EndReason.SERVER_SHUTDOWN,
  "reader-stalled": EndReason.READER_STALLED,
  "authorization-lost": EndReason.AUTHORIZATION_LOST,
  "token-expired": EndReason.TOKEN_EXPIRED,
};

export const NOTICES: Readonly<Record<NoticeName, NoticeKind>> = {
  "looks-like-page": NoticeKind.LOOKS_LIKE_PAGE,
  "looks-like-answer": NoticeKind.LOOKS_LIKE_ANSWER,
  decoded: NoticeKind.DECODED,
  "bytes-replaced": NoticeKind.BYTES_REPLACED,
  waiting: NoticeKind.WAITING,
  "source-changed": NoticeKind.SOURCE_CHANGED,
  seam: NoticeKind.SEAM,
  "lines-lost": NoticeKind.LINES_LOST,
  "log-replaced": NoticeKind.LOG_REPLACED,
  "line-cut": NoticeKind.LINE_CUT,
  "pod-changed": NoticeKind.POD_CHANGED,
  "attempt-begins": NoticeKind.ATTEMPT_BEGINS,
  "attempt-left-out": NoticeKind.ATTEMPT_LEFT_OUT,
  "attempt-stopped": NoticeKind.ATTEMPT_STOPPED,
  "no-times": NoticeKind.NO_TIMES,
  "run-deleted": NoticeKind.RUN_DELETED,
  "container-left-out": NoticeKind.CONTAINER_LEFT_OUT,
  polling: NoticeKind.POLLING,
};

/** A time as the contract has it; absent where there is none. */
export function timestamp(time: string | undefined): Timestamp | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
}

/** A run as lists hold it. */
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
    // Half of a character at the cut is none.
    message: run.message.slice(0, LISTED_MESSAGE_LENGTH).replace(/[\ud800-\udbff]$/, ""),
    freightNames: [...run.freight],
    freightCollection: run.freightCollection ?? "",
    version: run.version ?? "",
    ...(run.verdict && verdictFields(run.verdict)),
  };
}

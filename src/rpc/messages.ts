import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AnalysisPhase, EndReason, NoticeKind, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Phase, RunSummary } from "../runs/run.ts";
import type { Reason } from "../runs/selection.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";

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
  "default-annotation": SelectionReason.DEFAULT_ANNOTATION,
  first: SelectionReason.FIRST,
  last: SelectionReason.LAST,
};

export const END_REASONS: Readonly<Record<EndReasonName, EndReason>> = {
  complete: EndReason.COMPLETE,
  "caught-up": EndReason.CAUGHT_UP,
  "source-ended": EndReason.SOURCE_ENDED,
  "source-failed": EndReason.SOURCE_FAILED,
  "source-stalled": EndReason.SOURCE_STALLED,
  "server-limit-reached": EndReason.SERVER_LIMIT_REACHED,
  "server-shutdown": EndReason.SERVER_SHUTDOWN,
};

export const NOTICES: Readonly<Record<Extract<LogFrame, { kind: "notice" }>["notice"], NoticeKind>> = {
  "looks-like-page": NoticeKind.LOOKS_LIKE_PAGE,
  "bytes-replaced": NoticeKind.BYTES_REPLACED,
};

/** A time as the contract has it; absent where there is none. */
export function timestamp(time: string | undefined): Timestamp | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
}

/** A field that is left out of a message rather than set to `undefined`. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

/** A run as lists hold it. */
export function summaryMessage({ namespace, name, stage, phase, createdAt, startedAt, endedAt }: RunSummary) {
  return {
    namespace,
    name,
    stage: stage ?? "",
    phase: PHASES[phase],
    ...given("createTime", timestamp(createdAt)),
    ...given("startTime", timestamp(startedAt)),
    ...given("endTime", timestamp(endedAt)),
  };
}

import { type Duration, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  AttemptRule,
  DocumentRule,
  type GetAnalysisRunLogsRequest,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import type { LogRequest } from "../logs/log-request.ts";
import type { LogServices } from "../logs/plan.ts";
import { LogSession } from "../logs/session.ts";

/** The fields that Kargo's request also has. */
type KargoFields = Pick<GetAnalysisRunLogsRequest, "namespace" | "name" | "metricName" | "containerName">;

/** Opens the log that a request selects. @param signal aborted when the caller disconnects. */
export function openLog(
  services: LogServices,
  request: GetAnalysisRunLogsRequest,
  caller: Caller,
  signal: AbortSignal,
): LogSession {
  return new LogSession(services, caller, logRequest(request), signal);
}

/** Opens the log that a request to Kargo's service selects. */
export function openKargoLog(
  services: LogServices,
  request: KargoFields,
  caller: Caller,
  signal: AbortSignal,
): LogSession {
  return new LogSession(services, caller, kargoRequest(request), signal);
}

const FIRST_SECOND = BigInt(Date.parse("0001-01-01T00:00:00Z") / 1_000);
const LAST_SECOND = BigInt(Date.parse("9999-12-31T23:59:59Z") / 1_000);

function kargoRequest({ namespace, name, metricName, containerName }: KargoFields): LogRequest {
  return {
    run: { namespace, name },
    selector: { metric: metricName || undefined, container: containerName || undefined },
  };
}

function logRequest(request: GetAnalysisRunLogsRequest): LogRequest {
  const { run, selector } = kargoRequest(request);
  const { grep } = request;
  return {
    run,
    selector: { ...selector, attempt: attemptSelector(request.attempt), pod: request.podName || undefined },
    allContainers: request.allContainers,
    allPods: request.allPods,
    follow: request.follow,
    waitMs: request.wait && msOf(request.wait),
    tail: request.tailLines === undefined ? undefined : Number(request.tailLines),
    firstLine: numberOf(request.firstLine),
    since: request.since && timeOf(request.since, "since"),
    until: request.until && timeOf(request.until, "until"),
    grep: grep && {
      pattern: grep.pattern,
      fixed: grep.fixed,
      ignoreCase: grep.ignoreCase,
      invert: grep.invert,
      before: grep.before,
      after: grep.after,
    },
    timestamps: request.timestamps,
    limitLines: numberOf(request.limitLines),
    limitBytes: numberOf(request.limitBytes),
    cursor: request.cursor || undefined,
    showDocument: request.document === DocumentRule.SHOW,
  };
}

function attemptSelector(attempt: GetAnalysisRunLogsRequest["attempt"]): LogRequest["selector"]["attempt"] {
  if (attempt.case === "attemptNumber") return attempt.value;
  if (attempt.value === AttemptRule.LAST) return "last";
  if (attempt.value === AttemptRule.FAILED) return "failed";
  if (attempt.value === AttemptRule.ALL) return "all";
  return undefined;
}

function numberOf(value: bigint): number | undefined {
  // Larger values have the same effect.
  return value === 0n ? undefined : Number(value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : value);
}

function msOf({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}

/**
 * @throws Failure REQUEST_INVALID if RFC 3339 cannot express the time, as clients that encode it by hand may send it.
 */
function timeOf(time: Timestamp, field: string): string {
  if (time.seconds < FIRST_SECOND || time.seconds > LAST_SECOND || time.nanos < 0 || time.nanos > 999_999_999) {
    throw new Failure("bad-request", "REQUEST_INVALID", `${field}: the year must be from 1 to 9999.`, {
      next: "Correct the time.",
      field,
    });
  }
  return `${timestampDate(time).toISOString().slice(0, 19)}.${String(time.nanos).padStart(9, "0")}Z`;
}

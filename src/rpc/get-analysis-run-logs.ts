import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import {
  GetAnalysisRunLogsResponseSchema as KargoResponseSchema,
  KargoService,
} from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import {
  AnalysisRunLogService,
  AttemptRule,
  type GetAnalysisRunLogsRequest,
  GetAnalysisRunLogsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure } from "../failure.ts";
import type { LogFrame } from "../logs/frame.ts";
import { logFrames } from "../logs/log-frames.ts";
import type { LogRequest } from "../logs/log-request.ts";
import { bytesTwin, withOutput } from "./bytes-twin.ts";
import { callerOf } from "./caller-context.ts";
import { type FieldsBesideChunk, fieldsOf } from "./frame-message.ts";
import { withHeartbeats } from "./heartbeats.ts";
import type { Services } from "./services.ts";

type KargoFields = Pick<GetAnalysisRunLogsRequest, "namespace" | "name" | "metricName" | "containerName">;

/**
 * Serves `GetAnalysisRunLogs`, Taffrail's and Kargo's, to clients of one codec.
 *
 * @param codec `binary` answers with the bytes of the log as they are; `json` has to make strings of them.
 */
export function serveLogs(router: ConnectRouter, services: Services, codec: "binary" | "json"): void {
  const { getAnalysisRunLogs } = AnalysisRunLogService.method;
  const kargo = KargoService.method.getAnalysisRunLogs;
  const open = (request: LogRequest, { signal, values }: HandlerContext) =>
    logFrames(services, callerOf(values), request, signal);
  const openBeating = (request: GetAnalysisRunLogsRequest, context: HandlerContext) =>
    withHeartbeats<LogFrame>(open(logRequest(request), context), HEARTBEAT, services.wait);

  if (codec === "binary") {
    const output = bytesTwin(GetAnalysisRunLogsResponseSchema);
    const bytes = (chunk: Uint8Array) => ({ chunk });
    router.rpc(withOutput(getAnalysisRunLogs, output), (request, context) =>
      messages<MessageInitShape<typeof output>>(openBeating(request, context), bytes),
    );
    router.rpc(withOutput(kargo, bytesTwin(KargoResponseSchema)), (request, context) =>
      chunks(open(kargoRequest(request), context), bytes),
    );
  } else {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const text = (bytes: Uint8Array) => ({ chunk: decoder.decode(bytes) });
    router.rpc(getAnalysisRunLogs, (request, context) =>
      messages<MessageInitShape<typeof GetAnalysisRunLogsResponseSchema>>(openBeating(request, context), text),
    );
    router.rpc(kargo, (request, context) => chunks(open(kargoRequest(request), context), text));
  }
}

const FIRST_SECOND = BigInt(Date.parse("0001-01-01T00:00:00Z") / 1_000);
const LAST_SECOND = BigInt(Date.parse("9999-12-31T23:59:59Z") / 1_000);
const HEARTBEAT: LogFrame = { kind: "heartbeat", cursor: undefined };

function kargoRequest({ namespace, name, metricName, containerName }: KargoFields): LogRequest {
  return { run: { namespace, name }, wish: { metric: metricName || undefined, container: containerName || undefined } };
}

function logRequest(request: GetAnalysisRunLogsRequest): LogRequest {
  const { run, wish } = kargoRequest(request);
  const { grep } = request;
  return {
    run,
    wish: { ...wish, attempt: attemptWish(request.attempt), pod: request.podName || undefined },
    allContainers: request.allContainers,
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
  };
}

function attemptWish(attempt: GetAnalysisRunLogsRequest["attempt"]): LogRequest["wish"]["attempt"] {
  if (attempt.case === "attemptNumber") return attempt.value;
  if (attempt.value === AttemptRule.LAST) return "last";
  if (attempt.value === AttemptRule.FAILED) return "failed";
  if (attempt.value === AttemptRule.ALL) return "all";
  return undefined;
}

function numberOf(value: bigint): number | undefined {
  // Whatever is larger is no different.
  return value === 0n ? undefined : Number(value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : value);
}

function msOf({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}

/** @throws Failure REQUEST_INVALID where it is no time that RFC 3339 can say: whoever encodes it by hand may have made it. */
function timeOf(time: Timestamp, field: string): string {
  if (time.seconds < FIRST_SECOND || time.seconds > LAST_SECOND || time.nanos < 0 || time.nanos > 999_999_999) {
    throw new Failure("bad-request", "REQUEST_INVALID", `${field}: this is no time of the years 1 to 9999.`, {
      next: "Correct the time.",
      field,
    });
  }
  return `${timestampDate(time).toISOString().slice(0, 19)}.${String(time.nanos).padStart(9, "0")}Z`;
}

/** Frames to messages. A stream that broke off fails after its last message. */
async function* messages<T extends object>(
  frames: AsyncIterable<LogFrame>,
  fromChunk: (bytes: Uint8Array) => { chunk: unknown },
): AsyncGenerator<T & FieldsBesideChunk, void, undefined> {
  for await (const frame of frames) {
    const chunk = frame.kind === "chunk" ? fromChunk(frame.bytes) : {};
    yield { ...fieldsOf(frame), ...chunk } as T & FieldsBesideChunk;
    if (frame.kind === "end" && frame.failure !== undefined) throw frame.failure;
  }
}

/** The same for clients that know nothing but the log. */
async function* chunks<T>(
  frames: AsyncIterable<LogFrame>,
  fromChunk: (bytes: Uint8Array) => T,
): AsyncGenerator<T, void, undefined> {
  for await (const frame of frames) {
    if (frame.kind === "chunk") yield fromChunk(frame.bytes);
    if (frame.kind === "end" && frame.failure !== undefined) throw frame.failure;
  }
}

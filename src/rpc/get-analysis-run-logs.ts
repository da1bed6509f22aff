import type { MessageInitShape } from "@bufbuild/protobuf";
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
  LineNumbers,
  SelectionReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { jobMetrics } from "../runs/selection.ts";
import { bytesTwin, withOutput } from "./bytes-twin.ts";
import { callerOf } from "./caller-context.ts";
import type { LogFrame } from "./frame.ts";
import { type LogRequest, logFrames } from "./log-frames.ts";
import { END_REASONS, NOTICES, PHASES, REASONS } from "./messages.ts";
import type { Services } from "./services.ts";

type Event = NonNullable<MessageInitShape<typeof GetAnalysisRunLogsResponseSchema>["event"]>;
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

  if (codec === "binary") {
    const output = bytesTwin(GetAnalysisRunLogsResponseSchema);
    router.rpc(withOutput(getAnalysisRunLogs, output), (request, context) =>
      messages<MessageInitShape<typeof output>>(
        open(logRequest(request), context),
        (chunk) => ({ chunk }),
        (event) => ({ event }),
      ),
    );
    router.rpc(withOutput(kargo, bytesTwin(KargoResponseSchema)), (request, context) =>
      messages(open(kargoRequest(request), context), (chunk) => ({ chunk })),
    );
  } else {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const text = (bytes: Uint8Array) => ({ chunk: decoder.decode(bytes) });
    router.rpc(getAnalysisRunLogs, (request, context) =>
      messages<MessageInitShape<typeof GetAnalysisRunLogsResponseSchema>>(
        open(logRequest(request), context),
        text,
        (event) => ({ event }),
      ),
    );
    router.rpc(kargo, (request, context) => messages(open(kargoRequest(request), context), text));
  }
}

function kargoRequest({ namespace, name, metricName, containerName }: KargoFields): LogRequest {
  return { run: { namespace, name }, wish: { metric: metricName || undefined, container: containerName || undefined } };
}

function logRequest(request: GetAnalysisRunLogsRequest): LogRequest {
  const { run, wish } = kargoRequest(request);
  return { run, wish: { ...wish, attempt: attemptWish(request.attempt), pod: request.podName || undefined } };
}

function attemptWish(attempt: GetAnalysisRunLogsRequest["attempt"]): LogRequest["wish"]["attempt"] {
  if (attempt.case === "attemptNumber") return attempt.value;
  if (attempt.value === AttemptRule.LAST) return "last";
  if (attempt.value === AttemptRule.FAILED) return "failed";
  return undefined;
}

/** Frames to messages. Where `fromEvent` is missing, the client knows nothing but the log. A stream that broke off fails after its last message. */
async function* messages<T>(
  frames: AsyncIterable<LogFrame>,
  fromChunk: (bytes: Uint8Array) => T,
  fromEvent?: (event: Event) => T,
): AsyncGenerator<T, void, undefined> {
  for await (const frame of frames) {
    if (frame.kind === "chunk") yield fromChunk(frame.bytes);
    else if (fromEvent !== undefined) yield fromEvent(eventOf(frame));
    if (frame.kind === "end" && frame.failure !== undefined) throw frame.failure;
  }
}

function eventOf(frame: Exclude<LogFrame, { kind: "chunk" }>): Event {
  switch (frame.kind) {
    case "origin": {
      const { run, selection, podNames, source, live, previous } = frame;
      const { metric, attempt, container, pod, podReason } = selection;
      const value = {
        metricName: metric.name,
        metricReason: REASONS[selection.metricReason],
        metricNames: jobMetrics(run).map(({ name }) => name),
        attempt: attempt.number,
        attemptReason: REASONS[selection.attemptReason],
        attempts: metric.attempts.map(({ number }) => number),
        containerName: container.name,
        containerReason: REASONS[selection.containerReason],
        containerNames: metric.containers.map(({ name }) => name),
        attemptPhase: PHASES[attempt.phase],
        source,
        live,
        lineNumbers: LineNumbers.ABSOLUTE,
        podName: pod?.name ?? "",
        podReason: podReason === undefined ? SelectionReason.UNSPECIFIED : REASONS[podReason],
        podNames: [...podNames],
        previous,
      };
      return { case: "origin", value };
    }
    case "notice":
      return { case: "notice", value: { kind: NOTICES[frame.notice], message: frame.message } };
    case "end": {
      const { reason, lines, bytes } = frame;
      return { case: "end", value: { reason: END_REASONS[reason], lines: BigInt(lines), bytes: BigInt(bytes) } };
    }
  }
}

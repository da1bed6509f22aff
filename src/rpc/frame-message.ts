import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type GetAnalysisRunLogsResponseSchema,
  LineNumbers,
  SelectionReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogFrame } from "../logs/frame.ts";
import { containersIn } from "../runs/containers-in.ts";
import type { Reason } from "../runs/selection.ts";
import { jobMetrics } from "../runs/selection.ts";
import { given } from "./given.ts";
import { END_REASONS, NOTICES, PHASES, REASONS } from "./messages.ts";

type Message = MessageInitShape<typeof GetAnalysisRunLogsResponseSchema>;

/** The fields of a message that are the same in every codec. */
export type FieldsBesideChunk = Omit<Message, "chunk" | "$typeName" | "$unknown">;

type Event = NonNullable<Message["event"]>;

/** A notice names so many pods. */
const NAMED_PODS = 50;

/** Converts a frame to the fields of a message, without the bytes of the log. */
export function fieldsOf(frame: LogFrame): FieldsBesideChunk {
  switch (frame.kind) {
    case "origin":
      return { event: originOf(frame) };
    case "chunk":
      return {
        cursor: frame.cursor(),
        firstLine: BigInt(frame.firstLine),
        ...given(
          "lineRuns",
          frame.runs?.map((run) => ({ ...run, firstLine: BigInt(run.firstLine) })),
        ),
        ...given("offset", frame.offset === undefined ? undefined : BigInt(frame.offset)),
        ...given("containerName", frame.container),
        ...given("podName", frame.pod?.name),
        ...given("completionIndex", frame.pod?.index),
        ...given("attempt", frame.attempt),
      };
    case "notice":
      return {
        ...given("cursor", frame.cursor?.()),
        event: { case: "notice", value: noticeOf(frame) },
      };
    case "heartbeat":
      return given("cursor", frame.cursor?.());
    case "end": {
      const { reason, headMissing, lines, bytes, scanned } = frame;
      const counts = { lines: BigInt(lines), bytes: BigInt(bytes), scannedBytes: BigInt(scanned) };
      return {
        ...given("cursor", frame.cursor?.()),
        event: { case: "end", value: { reason: END_REASONS[reason], headMissing, ...counts } },
      };
    }
  }
}

function originOf({ view, container, source, live, relative, previous }: Extract<LogFrame, { kind: "origin" }>): Event {
  const { run, metric, attempt, pods } = view;
  const value = {
    metricName: metric.name,
    metricReason: REASONS[view.metricReason],
    metricNames: jobMetrics(run).map(({ name }) => name),
    attempt: attempt.number,
    attemptReason: REASONS[view.attemptReason],
    attempts: metric.attempts.map(({ number }) => number),
    containerName: container?.container.name ?? "",
    containerReason: reasonOf(container?.containerReason),
    containerNames: containersIn(metric, container?.pod ? [container.pod] : pods).map(({ name }) => name),
    attemptPhase: PHASES[attempt.phase],
    source,
    live,
    lineNumbers: relative ? LineNumbers.RELATIVE : LineNumbers.ABSOLUTE,
    podName: container?.pod?.name ?? "",
    podReason: reasonOf(container?.podReason),
    podNames: pods.map(({ name }) => name),
    previous,
  };
  return { case: "origin", value };
}

function noticeOf({ notice, message, pods, source = "" }: Extract<LogFrame, { kind: "notice" }>) {
  return {
    kind: NOTICES[notice],
    message,
    source,
    ...(pods !== undefined && { podNames: pods.slice(0, NAMED_PODS), pods: pods.length }),
  };
}

function reasonOf(reason: Reason | undefined): SelectionReason {
  return reason === undefined ? SelectionReason.UNSPECIFIED : REASONS[reason];
}

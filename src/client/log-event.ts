import type {
  End,
  GetAnalysisRunLogsResponse,
  LineRun,
  Notice,
  Origin,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { BytesTwin } from "../rpc/bytes-twin.ts";

/** A message of the stream, its chunk as bytes. */
export type LogMessage = BytesTwin<GetAnalysisRunLogsResponse>;

/** Consecutive lines. */
export interface ConsecutiveLines {
  /** The number of the first one. */
  readonly firstLine: number;
  readonly count: number;
  /** Whether they are context: before or after a matching line, without matching themselves. */
  readonly context: boolean;
}

/** The next chunk of a log. */
export interface LogChunk {
  readonly kind: "chunk";
  /** UTF-8, never cut inside a character. */
  readonly bytes: Uint8Array;
  /** The number of the line in which it begins; 0 if unknown. `Origin` says what it counts from. */
  readonly firstLine: number;
  /** Its lines, in order, if some may be missing between them. Empty: they are consecutive. */
  readonly runs: readonly ConsecutiveLines[];
  /** Whose log it is; empty if the request asks for one container of one pod only. */
  readonly containerName: string;
  /** Whose log it is; absent unless the request asks for all pods, or if the source keeps one log for all of them. */
  readonly podName?: string;
  /** The completion index of that pod; absent if the Job is not Indexed. */
  readonly completionIndex?: number;
  /** Whose log it is; 0 if the request asks for one attempt only. */
  readonly attempt: number;
  /** Bytes of the log's text before it; absent if unknown. */
  readonly offset: number | undefined;
  /** The request's `cursor` to resume after it; empty if the log cannot be resumed there. */
  readonly cursor: string;
}

/** A chunk of a log, or information about it. */
export type LogEvent =
  /** First: what was selected and which source serves it. */
  | { readonly kind: "origin"; readonly origin: Origin }
  | LogChunk
  /** Information about the log. */
  | { readonly kind: "notice"; readonly notice: Notice }
  /** The stream broke and was resumed: nothing is lost or duplicated. */
  | {
      readonly kind: "resumed";
      /** The current origin: another source may now serve the log. */
      readonly origin: Origin;
      /** The number of the line in which the log resumes; 0 if unknown. */
      readonly line: number;
      /** The number of bytes yielded before. */
      readonly bytes: number;
      /** The number of resumes of this stream so far. */
      readonly times: number;
    }
  /** Last: how the stream ended. Its `lines` and `bytes` count all calls; its `scannedBytes` only the last one. */
  | {
      readonly kind: "end";
      readonly end: End;
      /** The cursor after everything that was yielded; empty if the log cannot be resumed. */
      readonly cursor: string;
    };

/** The event for a message's chunk. */
export function chunkEvent(message: LogMessage): LogChunk {
  const { chunk, firstLine, lineRuns, containerName, podName, completionIndex, attempt, offset, cursor } = message;
  return {
    kind: "chunk",
    bytes: chunk,
    firstLine: Number(firstLine),
    runs: lineRuns.map(lineRange),
    containerName,
    ...(podName !== "" && { podName }),
    ...(completionIndex !== undefined && { completionIndex }),
    attempt,
    offset: offset === undefined ? undefined : Number(offset),
    cursor,
  };
}

function lineRange({ firstLine, count, context }: LineRun): ConsecutiveLines {
  return { firstLine: Number(firstLine), count, context };
}

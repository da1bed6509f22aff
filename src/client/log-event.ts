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

/** Lines that follow one another. */
export interface LineRange {
  /** The number of the first one. */
  readonly firstLine: number;
  /** How many they are. */
  readonly count: number;
  /** Whether they stand before or after a line that matches, and do not match themselves. */
  readonly context: boolean;
}

/** The next piece of a log. */
export interface LogChunk {
  readonly kind: "chunk";
  /** UTF-8, never cut inside a character. */
  readonly bytes: Uint8Array;
  /** The number of the line in which it begins; 0 where that is not known. What it counts from is in `Origin`. */
  readonly firstLine: number;
  /** Its lines, in order, where some may be missing between them; else empty: then they follow one another. */
  readonly runs: readonly LineRange[];
  /** Whose log it is; empty where the request asks for one container only. */
  readonly containerName: string;
  /** Whose log it is; 0 where the request asks for one attempt only. */
  readonly attempt: number;
  /** How many bytes of the log's text lie before it; absent where that is not known. */
  readonly offset: number | undefined;
  /** Goes on behind it, as the request's `cursor`; empty where that is not possible. */
  readonly cursor: string;
}

/** A piece of a log, or something about it. */
export type LogEvent =
  /** First: what was selected and which source answers. */
  | { readonly kind: "origin"; readonly origin: Origin }
  | LogChunk
  /** Something to know about the log. */
  | { readonly kind: "notice"; readonly notice: Notice }
  /** The stream broke and goes on, with nothing missing and nothing twice. */
  | {
      readonly kind: "resumed";
      /** As it is now: another source may answer. */
      readonly origin: Origin;
      /** The number of the line in which the log goes on; 0 where that is not known. */
      readonly line: number;
      /** How many bytes were given before. */
      readonly bytes: number;
      /** How often this stream has been resumed by now. */
      readonly times: number;
    }
  /** Last: how the stream ended. After a resumption its `lines` and `bytes` count all parts; `scannedBytes` is that of the last part. */
  | {
      readonly kind: "end";
      readonly end: End;
      /** Goes on behind all that was given; empty where that is not possible. */
      readonly cursor: string;
    };

/** What a message's chunk is to its reader. */
export function chunkEvent(message: LogMessage): LogChunk {
  const { chunk, firstLine, lineRuns, containerName, attempt, offset, cursor } = message;
  return {
    kind: "chunk",
    bytes: chunk,
    firstLine: Number(firstLine),
    runs: lineRuns.map(lineRange),
    containerName,
    attempt,
    offset: offset === undefined ? undefined : Number(offset),
    cursor,
  };
}

function lineRange({ firstLine, count, context }: LineRun): LineRange {
  return { firstLine: Number(firstLine), count, context };
}

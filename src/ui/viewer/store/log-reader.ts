import {
  type End,
  EndReason,
  type Notice,
  NoticeKind,
  type Origin,
} from "../../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../../client/client.ts";
import type { LogChunk, LogEvent } from "../../../client/log-event.ts";
import type { LogState } from "../../../client/log-state.ts";
import type { Timer } from "../../../client/sleep.ts";
import { podLabel } from "../../../pod-label.ts";
import type { IngestResult, IngestTask } from "./ingest-station.ts";
import { createLogStore, type LogStore } from "./log-store.ts";

/** What to read: the request of the client's method. The viewer sets `follow`. */
export type LogRequest = Parameters<TaffrailClient["getAnalysisRunLogs"]>[0];

/** The worker, or its stand-in, that splits bytes into lines. */
export interface IngestPort {
  post(task: IngestTask): void;
  end(): void;
}

/** How far a log has been read. */
export interface LogProgress {
  /** The stream's state. */
  readonly state: LogState;
  readonly origin: Origin | undefined;
  /** The source that is being read now: the origin's, or one in which the log has continued. */
  readonly source: string;
  readonly end: End | undefined;
  /** The error of a failed call. Lines stay. */
  readonly error: unknown;
  /** How often the stream has been resumed. */
  readonly resumed: number;
  /** Bytes of the log that have arrived. */
  readonly bytes: number;
}

export interface LogReaderOptions {
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  readonly request: LogRequest;
  /** When times without a year were at the latest, as for `findTime`. Default: they have no date. */
  readonly latest?: string | undefined;
  readonly follow: boolean;
  /** Bytes of memory for the log. */
  readonly memory: number;
  readonly openPort: (answer: (result: IngestResult) => void) => IngestPort;
  readonly timer: Timer;
  /** Called at each change, at most once per message, and never before the reader has been returned. */
  readonly changed: () => void;
}

/** Reads a log into a store. */
export interface LogReader {
  readonly store: LogStore;
  readonly progress: LogProgress;
  /** Resumes the log after the stream has ended or failed; starts from the beginning if it cannot be resumed. */
  again(): void;
  /**
   * Gives the connection up, until {@link resume}. Does nothing if the log has ended, or if it could not be resumed
   * at the same place.
   */
  pause(): void;
  /** Resumes a paused log at the same place. */
  resume(): void;
  close(): void;
}

/** Bytes in processing; beyond this, the stream is paused. */
const MAX_UNDERWAY = 8 * 1024 * 1024;
/** Milliseconds after which arrived lines are shown even if no more follow. */
const FLUSH_MS = 40;

/** A notice, or another note about the log. */
interface Note {
  readonly kind: string;
  readonly message: string;
}

export function createLogReader(options: LogReaderOptions): LogReader {
  const { client, request, latest, follow, memory, openPort, timer, changed } = options;
  let store = createLogStore(memory, latest);
  let progress: LogProgress = freshProgress();
  let cursor = "";
  /** Whether the cursor is behind everything that has arrived. */
  let isCurrent = true;
  let paused = false;
  let closed = false;
  let streamAbort = new AbortController();
  let port: IngestPort | undefined;
  let underway = 0;
  let roomMade: (() => void) | undefined;
  let ended: (() => void) | undefined;
  let cancelFlush: (() => void) | undefined;

  const become = (change: Partial<LogProgress>): void => {
    progress = { ...progress, ...change };
    changed();
  };

  const take = (result: IngestResult): void => {
    store.addStyles(result.styles);
    for (const block of result.blocks) store.append(block);
    if (result.unfinished !== undefined) store.setUnfinished(result.unfinished ?? undefined);
    if (result.note === END) ended?.();
    else if (result.note !== undefined) {
      const { kind, message } = result.note as Note;
      store.addNotice(kind, message);
    }
    underway -= result.taken;
    if (underway < MAX_UNDERWAY) roomMade?.();
    changed();
  };

  const open = (): IngestPort => {
    let mine = true;
    const opened = openPort((result) => {
      if (mine) take(result);
    });
    return {
      post: opened.post,
      end() {
        mine = false;
        opened.end();
      },
    };
  };

  const note = (kind: string, message: string): void => port?.post({ kind: "note", note: { kind, message } });

  const takeChunk = (chunk: LogChunk): void => {
    const { containerName: container, podName, completionIndex, attempt } = chunk;
    const pod = podName === undefined ? "" : podLabel(podName, completionIndex);
    const source = store.sourceIndex({ container, pod, attempt });
    // Copied, since the message's bytes may be part of a larger buffer, and these are transferred.
    for (const { bytes, firstLine } of pieces(chunk))
      port?.post({ kind: "bytes", bytes: bytes.slice(), firstLine, source });
    underway += chunk.bytes.length;
    isCurrent = chunk.cursor !== "";
    if (isCurrent) cursor = chunk.cursor;
    progress = { ...progress, bytes: progress.bytes + chunk.bytes.length };
    cancelFlush ??= timer(FLUSH_MS, () => {
      cancelFlush = undefined;
      port?.post({ kind: "flush" });
    });
  };

  const takeEvent = (event: LogEvent): void => {
    if (event.kind === "chunk") takeChunk(event);
    else if (event.kind === "origin") become({ origin: event.origin, source: event.origin.source });
    else if (event.kind === "notice") takeNotice(event.notice);
    else if (event.kind === "resumed") {
      become({ origin: event.origin, source: event.origin.source, resumed: event.times });
      note("RESUMED", event.line > 0 ? String(event.line) : "");
    } else {
      if (event.cursor !== "") cursor = event.cursor;
      become({ end: event.end });
    }
  };

  const takeNotice = (notice: Notice): void => {
    // Of several logs, each may be in another source.
    const isOne = !request.allContainers && !request.allPods;
    if (isOne && notice.source !== "") become({ source: notice.source });
    // Waiting is a state, which passes, not a notice.
    if (notice.kind !== NoticeKind.WAITING) note(KIND_NAMES.get(notice.kind) ?? "", notice.message);
  };

  const read = async (): Promise<void> => {
    streamAbort = new AbortController();
    const { signal } = streamAbort;
    port ??= open();
    const onState = (state: LogState): void => {
      if (!signal.aborted && state.kind !== "ended") become({ state });
    };
    let error: unknown;
    try {
      const asked = { ...request, follow, ...(cursor === "" ? {} : { cursor }) };
      for await (const event of client.getAnalysisRunLogs(asked, { signal, onState })) {
        if (signal.aborted) return;
        takeEvent(event);
        if (underway >= MAX_UNDERWAY) {
          await new Promise<void>((resolve) => {
            roomMade = resolve;
          });
          roomMade = undefined;
        }
      }
    } catch (reason) {
      error = reason;
    }
    if (signal.aborted) return;
    await settle();
    if (!signal.aborted) become({ state: { kind: "ended" }, error });
  };

  /** Waits until all bytes have become lines. */
  const settle = async (): Promise<void> => {
    cancelFlush?.();
    cancelFlush = undefined;
    const settled = new Promise<void>((resolve) => {
      ended = resolve;
    });
    // A partial line continues if the log is resumed.
    const mayContinue = progress.end === undefined || progress.end.reason === EndReason.CAUGHT_UP;
    port?.post({ kind: mayContinue ? "flush" : "end" });
    port?.post({ kind: "note", note: END });
    await settled;
  };

  // The caller should have the reader before the first change.
  queueMicrotask(() => {
    if (!closed) void read();
  });

  return {
    get store() {
      return store;
    },
    get progress() {
      return progress;
    },
    again() {
      if (closed) return;
      streamAbort.abort();
      roomMade?.();
      if (cursor === "") {
        port?.end();
        port = undefined;
        store = createLogStore(memory, latest);
        underway = 0;
        progress = freshProgress();
      }
      paused = false;
      become({ end: undefined, error: undefined, state: { kind: "connecting" } });
      void read();
    },
    pause() {
      if (closed || paused || progress.state.kind === "ended" || !isCurrent) return;
      paused = true;
      streamAbort.abort();
      roomMade?.();
    },
    resume() {
      if (closed || !paused) return;
      paused = false;
      void read();
    },
    close() {
      closed = true;
      streamAbort.abort();
      cancelFlush?.();
      roomMade?.();
      port?.end();
      port = undefined;
    },
  };
}

const END = "END OF THE STREAM";

const KIND_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(NoticeKind).map(([name, kind]) => [kind, name]));

function freshProgress(): LogProgress {
  return {
    state: { kind: "connecting" },
    origin: undefined,
    source: "",
    end: undefined,
    error: undefined,
    resumed: 0,
    bytes: 0,
  };
}

const LINE_FEED = 10;

/** Splits a chunk where lines are missing. */
function* pieces({ bytes, firstLine, runs }: LogChunk): Generator<{ bytes: Uint8Array; firstLine: number }> {
  if (runs.length === 0) {
    yield { bytes, firstLine };
    return;
  }
  let from = 0;
  for (const [index, run] of runs.entries()) {
    let to = from;
    for (let line = 0; line < run.count && to < bytes.length; line += 1) {
      const end = bytes.indexOf(LINE_FEED, to);
      to = end === -1 ? bytes.length : end + 1;
    }
    if (index === runs.length - 1) to = bytes.length;
    if (to > from) yield { bytes: bytes.subarray(from, to), firstLine: run.firstLine };
    from = to;
  }
}

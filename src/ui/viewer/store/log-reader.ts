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
import type { IngestResult, IngestTask } from "./ingest-station.ts";
import { createLogStore, type LogStore } from "./log-store.ts";

/** What to read: the request of the client's method. `follow` is decided by the viewer. */
export type LogRequest = Parameters<TaffrailClient["getAnalysisRunLogs"]>[0];

/** The place where bytes become lines. */
export interface IngestPort {
  post(task: IngestTask): void;
  end(): void;
}

/** How far a log has been read. */
export interface LogProgress {
  /** What the stream does. */
  readonly state: LogState;
  readonly origin: Origin | undefined;
  readonly end: End | undefined;
  /** What the call failed with; lines stay. */
  readonly error: unknown;
  /** How often the stream has been resumed. */
  readonly resumed: number;
  /** Bytes of the log that have come. */
  readonly bytes: number;
}

export interface LogReaderOptions {
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  readonly request: LogRequest;
  readonly follow: boolean;
  /** Bytes of memory for the log. */
  readonly memory: number;
  readonly openPort: (answer: (result: IngestResult) => void) => IngestPort;
  readonly timer: Timer;
  /** Called at each change, at most once for each message, and never before the reader has been returned. */
  readonly changed: () => void;
}

/** Reads a log into a store. */
export interface LogReader {
  readonly store: LogStore;
  readonly progress: LogProgress;
  /** Reads on behind what is there after the stream has ended or failed; from the beginning where it cannot go on. */
  again(): void;
  close(): void;
}

/** Bytes that are on their way into lines: more wait with the server. */
const MOST_UNDERWAY = 8 * 1024 * 1024;
/** Milliseconds after which lines that came are shown, though no more follow. */
const FLUSH_MS = 40;

/** A notice, or what else is told beside the log. */
interface Note {
  readonly kind: string;
  readonly message: string;
}

export function createLogReader(options: LogReaderOptions): LogReader {
  const { client, request, follow, memory, openPort, timer, changed } = options;
  let store = createLogStore(memory);
  let progress: LogProgress = freshProgress();
  let cursor = "";
  let closed = false;
  let leaving = new AbortController();
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
    if (underway < MOST_UNDERWAY) roomMade?.();
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
    const source = store.sourceIndex({ container: chunk.containerName, attempt: chunk.attempt });
    // Copied, since a message's bytes may be a part of others' memory, and these are handed over.
    for (const { bytes, firstLine } of pieces(chunk))
      port?.post({ kind: "bytes", bytes: bytes.slice(), firstLine, source });
    underway += chunk.bytes.length;
    if (chunk.cursor !== "") cursor = chunk.cursor;
    progress = { ...progress, bytes: progress.bytes + chunk.bytes.length };
    cancelFlush ??= timer(FLUSH_MS, () => {
      cancelFlush = undefined;
      port?.post({ kind: "flush" });
    });
  };

  const takeEvent = (event: LogEvent): void => {
    if (event.kind === "chunk") takeChunk(event);
    else if (event.kind === "origin") become({ origin: event.origin });
    else if (event.kind === "notice") takeNotice(event.notice);
    else if (event.kind === "resumed") {
      become({ origin: event.origin, resumed: event.times });
      note("RESUMED", event.line > 0 ? String(event.line) : "");
    } else {
      if (event.cursor !== "") cursor = event.cursor;
      become({ end: event.end });
    }
  };

  const takeNotice = (notice: Notice): void => {
    // What is waited for is a state, and passes.
    if (notice.kind !== NoticeKind.WAITING) note(KIND_NAMES.get(notice.kind) ?? "", notice.message);
  };

  const read = async (): Promise<void> => {
    leaving = new AbortController();
    const { signal } = leaving;
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
        if (underway >= MOST_UNDERWAY) {
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

  /** Waits until all that came has become lines. */
  const settle = async (): Promise<void> => {
    cancelFlush?.();
    cancelFlush = undefined;
    const settled = new Promise<void>((resolve) => {
      ended = resolve;
    });
    // A line that was cut off goes on if the log does.
    const mayGoOn = progress.end === undefined || progress.end.reason === EndReason.CAUGHT_UP;
    port?.post({ kind: mayGoOn ? "flush" : "end" });
    port?.post({ kind: "note", note: END });
    await settled;
  };

  // Whoever made the reader has it before it tells of anything.
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
      leaving.abort();
      roomMade?.();
      if (cursor === "") {
        port?.end();
        port = undefined;
        store = createLogStore(memory);
        underway = 0;
        progress = freshProgress();
      }
      become({ end: undefined, error: undefined, state: { kind: "connecting" } });
      void read();
    },
    close() {
      closed = true;
      leaving.abort();
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
  return { state: { kind: "connecting" }, origin: undefined, end: undefined, error: undefined, resumed: 0, bytes: 0 };
}

const LINE_FEED = 10;

/** A chunk cut where lines are missing between its lines. */
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

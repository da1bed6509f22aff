import { useEffect, useState, useSyncExternalStore } from "react";
import type { TaffrailClient } from "../../client/client.ts";
import { systemTimer } from "../../client/sleep.ts";
import { createFrameSignal, type FrameSignal } from "./frame-signal.ts";
import { createLogReader, type LogReader, type LogRequest } from "./store/log-reader.ts";
import { createSearch, type Search } from "./store/search.ts";
import { openIngestPort, openPatternPort } from "./worker-ports.ts";

/** A log that is being read, and its search. */
export interface OpenLog {
  /** Unique. */
  readonly id: number;
  readonly reader: LogReader;
  readonly search: Search;
  readonly signal: FrameSignal;
}

export interface UseLogOptions {
  readonly client: Pick<TaffrailClient, "getAnalysisRunLogs">;
  readonly request: LogRequest;
  /** See `LogViewerProps.latest`. Changes are ignored until the log is read anew. */
  readonly latest: string | undefined;
  readonly follow: boolean;
  readonly memory: number;
}

let newest = 0;
const NEVER: FrameSignal["subscribe"] = () => () => {};

/** Reads a log while the component is mounted; another request starts from the beginning. `undefined` at first. */
export function useLog({ client, request, latest, follow, memory }: UseLogOptions): OpenLog | undefined {
  const [log, setLog] = useState<OpenLog>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of the job does not restart the log.
  useEffect(() => {
    const signal = createFrameSignal();
    const options = { openPort: openIngestPort, timer: systemTimer, changed: signal.raise };
    const reader = createLogReader({ client, request, latest, follow, memory, ...options });
    let search = searchIn(reader, signal);
    newest += 1;
    const opened: OpenLog = {
      id: newest,
      reader,
      signal,
      get search() {
        // A log that was restarted has another store.
        if (search.store !== reader.store) search = searchIn(reader, signal);
        return search;
      },
    };
    setLog(opened);
    const stopPausing = follow ? pauseWhileHidden(reader) : () => {};
    return () => {
      stopPausing();
      search.close();
      reader.close();
      signal.close();
    };
  }, [client, request, memory]);
  useSyncExternalStore(log?.signal.subscribe ?? NEVER, () => log?.signal.version ?? 0);
  return log;
}

/** Milliseconds for which a hidden page keeps its connection: whoever only passes by other tabs loses nothing. */
const HIDDEN_MS = 2_000;

/**
 * Gives the connection up while the page is hidden. Over HTTP/1.1, browsers allow six for all pages of a server: with
 * more followed logs, no further page would load.
 *
 * @returns how to stop that.
 */
function pauseWhileHidden(reader: LogReader): () => void {
  let cancel: (() => void) | undefined;
  const look = (): void => {
    cancel?.();
    cancel = undefined;
    if (document.visibilityState === "hidden") cancel = systemTimer(HIDDEN_MS, pause);
    else reader.resume();
  };
  // Until then it may have got no cursor to resume by.
  const pause = (): void => {
    reader.pause();
    cancel = systemTimer(HIDDEN_MS, pause);
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    cancel?.();
    document.removeEventListener("visibilitychange", look);
  };
}

function searchIn({ store }: LogReader, signal: FrameSignal): Search {
  const channel = new MessageChannel();
  const calls: (() => void)[] = [];
  channel.port1.onmessage = () => calls.shift()?.();
  return createSearch({
    store,
    openPort: openPatternPort,
    soon(call) {
      calls.push(call);
      channel.port2.postMessage(undefined);
    },
    now: () => performance.now(),
    timer: systemTimer,
    changed: signal.raise,
  });
}

const MEBIBYTE = 1024 * 1024;

/** Default bytes of memory for a log on this device: 1 GiB, 64 MiB on phones. */
export function defaultMemory(): number {
  return matchMedia("(pointer: coarse) and (max-width: 720px)").matches ? 64 * MEBIBYTE : 1024 * MEBIBYTE;
}

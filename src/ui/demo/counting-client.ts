import { useSyncExternalStore } from "react";
import type { LogCallOptions, TaffrailClient } from "../../client/client.ts";
import type { LogEvent } from "../../client/log-event.ts";

/** How the received lines compare with the server's line numbers. */
export interface LineCount {
  readonly lines: number;
  readonly lost: number;
  readonly doubled: number;
  /** How often the stream was resumed. */
  readonly breaks: number;
}

type Logs = Pick<TaffrailClient, "getAnalysisRunLogs">;

const NONE: LineCount = { lines: 0, lost: 0, doubled: 0, breaks: 0 };
const LINE_FEED = 10;
/** Milliseconds between two updates of the shown count. */
const SHOW_MS = 250;

let count = NONE;
/** The number of the next line; 0: unknown. */
let next = 0;
let shown = NONE;
let isUpdateDue = false;
const listeners = new Set<() => void>();

/** The count of the log that is shown. */
export function useLineCount(): LineCount {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}

/** A client that counts the lines of its logs by the server's numbers, independently of the viewer. */
export function countingClient(client: Logs): Logs {
  return {
    getAnalysisRunLogs: (request, options) => {
      // A log that is resumed is counted on.
      if (!request.cursor) restart();
      return counted(client.getAnalysisRunLogs(request, options), options);
    },
  };
}

async function* counted(
  events: AsyncIterable<LogEvent>,
  options: LogCallOptions | undefined,
): AsyncGenerator<LogEvent> {
  for await (const event of events) {
    if (event.kind === "resumed") setCount({ ...count, breaks: event.times });
    // Several containers or attempts have separate numbers: they are not counted.
    if (event.kind === "chunk" && event.containerName === "" && event.attempt === 0 && event.firstLine > 0) {
      const { firstLine, bytes } = event;
      const ends = lineFeeds(bytes);
      if (next > 0 && firstLine > next) setCount({ ...count, lost: count.lost + firstLine - next });
      if (next > 0 && firstLine < next) setCount({ ...count, doubled: count.doubled + next - firstLine });
      next = firstLine + ends;
      setCount({ ...count, lines: count.lines + ends });
    }
    if (options?.signal?.aborted) return;
    yield event;
  }
}

function restart(): void {
  next = 0;
  setCount(NONE);
}

function lineFeeds(bytes: Uint8Array): number {
  let found = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) found += 1;
  return found;
}

function setCount(next: LineCount): void {
  count = next;
  if (isUpdateDue) return;
  isUpdateDue = true;
  setTimeout(() => {
    isUpdateDue = false;
    shown = count;
    for (const listener of listeners) listener();
  }, SHOW_MS);
}

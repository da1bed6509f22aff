import { useSyncExternalStore } from "react";
import type { LogCallOptions, TaffrailClient } from "../../client/client.ts";
import type { LogEvent } from "../../client/log-event.ts";

/** How the lines that came compare with the numbers that the server gave them. */
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
/** How often the count is shown anew, in milliseconds. */
const SHOW_MS = 250;

let count = NONE;
let shown = NONE;
let isLate = false;
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

/** A client whose logs are counted on the way, by what the server says of each piece and by nothing that the page makes of it. */
export function countingClient(client: Logs): Logs {
  return {
    getAnalysisRunLogs: (request, options) => counted(client.getAnalysisRunLogs(request, options), options),
  };
}

async function* counted(
  events: AsyncIterable<LogEvent>,
  options: LogCallOptions | undefined,
): AsyncGenerator<LogEvent> {
  let next = 0;
  tell(NONE);
  for await (const event of events) {
    if (event.kind === "resumed") tell({ ...count, breaks: event.times });
    // Of several containers or attempts, each counts for itself: they are not added up here.
    if (event.kind === "chunk" && event.containerName === "" && event.attempt === 0 && event.firstLine > 0) {
      const { firstLine, bytes } = event;
      const ends = lineFeeds(bytes);
      if (next > 0 && firstLine > next) tell({ ...count, lost: count.lost + firstLine - next });
      if (next > 0 && firstLine < next) tell({ ...count, doubled: count.doubled + next - firstLine });
      next = firstLine + ends;
      tell({ ...count, lines: count.lines + ends });
    }
    if (options?.signal?.aborted) return;
    yield event;
  }
}

function lineFeeds(bytes: Uint8Array): number {
  let found = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) found += 1;
  return found;
}

function tell(next: LineCount): void {
  count = next;
  if (isLate) return;
  isLate = true;
  setTimeout(() => {
    isLate = false;
    shown = count;
    for (const listener of listeners) listener();
  }, SHOW_MS);
}

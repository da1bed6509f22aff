import type { Capabilities, OpenedEntries, OpenedLog, OpenOptions } from "../sources/source.ts";
import { EntriesText } from "./entries-text.ts";
import { ENTRIES_ANYWHERE, ENTRIES_START, type TimedPlace } from "./place.ts";
import type { SourceRequest, SourceRequests } from "./source-request.ts";
import { LogReplaced, type StartedText } from "./text.ts";

export interface EntriesOptions {
  /** Whether to continue as the log grows. */
  readonly follow: boolean;
  /** Whether an unfinished character at the end is left for the next read. */
  readonly growing: boolean;
  /** Lines of this time (RFC 3339) and later are not needed, but the first of them. */
  readonly until?: string | undefined;
}

/** Sources take whole seconds, and lines of two streams may be slightly out of order: ask for a little more. */
const MARGIN_MS = 2_000;
/**
 * A shorter log is read from its beginning: then nothing depends on its times, which go back if a clock is set back.
 */
const SHORT_BYTES = 256 * 1024;
/**
 * How many of the last lines of a longer one are searched for a clock that was set back. If the clock caught up before
 * them, the lines written until then are missed: finding those takes reading the whole log at each resume.
 */
const LOOKED_AT_LINES = 1_000;

/** Opens a log of entries at its beginning. */
export async function openWholeEntries(
  requests: SourceRequests,
  { follow, growing, until }: EntriesOptions,
): Promise<StartedText> {
  const { log, request } = await open(requests, { follow, until });
  const text = new EntriesText(log, request, { place: undefined, offset: 0, growing });
  return { text, start: { place: ENTRIES_START, line: 1, relative: false, offset: 0 } };
}

/**
 * Opens a log of entries from a time on, as far as the source can filter lines: earlier ones may come too.
 *
 * @param since RFC 3339.
 */
export async function openEntriesSince(
  requests: SourceRequests,
  since: string,
  { follow, growing, until }: EntriesOptions,
): Promise<StartedText> {
  const { log, request } = await open(requests, { follow, until, since: `${since.slice(0, 19)}Z` });
  const text = new EntriesText(log, request, { place: undefined, offset: undefined, growing });
  return { text, start: { place: ENTRIES_ANYWHERE, relative: true, offset: undefined } };
}

/** Opens the last lines of a log of entries. */
export async function openEntriesTail(
  requests: SourceRequests,
  lines: number,
  { growing }: Pick<EntriesOptions, "growing">,
): Promise<StartedText> {
  const { log, request } = await open(requests, { tailLines: Math.max(1, lines) });
  const text = new EntriesText(log, request, { place: undefined, offset: undefined, growing });
  let place = ENTRIES_ANYWHERE;
  if (lines === 0) {
    // Only the end is needed.
    for (let piece = await text.next(); piece !== undefined; piece = await text.next()) {
      if (piece.after.kind === "times") place = piece.after;
    }
  }
  return { text, start: { place, relative: true, offset: undefined, cut: lines > 0 && log.cut === true } };
}

/**
 * Opens a log of entries at a place up to which it was read before.
 *
 * @param capabilities the source's. Without `since`, the log is read from its beginning.
 * @throws LogReplaced if the source does not have entries.
 */
export async function openEntriesAt(
  requests: SourceRequests,
  place: TimedPlace,
  { follow, growing, until }: EntriesOptions,
  { since: canSince, tail, inTimeOrder = false }: Capabilities,
): Promise<StartedText> {
  const offset = place.text?.offset;
  const isShort = offset !== undefined && offset <= SHORT_BYTES;
  const since = canSince && (inTimeOrder || !isShort) ? sinceOf(place) : undefined;
  const hidesLines = since !== undefined && tail && !inTimeOrder && (await hidesNewLines(requests, since));
  const { log, request } = await open(requests, {
    follow,
    until,
    ...(since !== undefined && !hidesLines && { since }),
  });
  return { text: new EntriesText(log, request, { place, offset, growing }), start: { place, relative: false, offset } };
}

/** Returns since when to ask a source for lines, so that the place is among them: RFC 3339, whole seconds. */
export function sinceOf({ time, earliest = time }: Pick<TimedPlace, "time" | "earliest">): string {
  return new Date(Date.parse(earliest) - MARGIN_MS).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * Whether a request for lines since a time would miss lines at the end of the log: after a clock was set back, lines
 * that were written later have earlier times.
 */
async function hidesNewLines(requests: SourceRequests, since: string): Promise<boolean> {
  const { log, request } = await open(requests, { tailLines: LOOKED_AT_LINES });
  try {
    // Without the zone, which sorts after a fraction of a second.
    const second = since.slice(0, 19);
    let isBehind = true;
    for await (const { times } of log.pieces) {
      for (const time of times.times) {
        if (time >= second) isBehind = false;
        else if (!isBehind) return true;
      }
    }
    return isBehind;
  } finally {
    request.close();
  }
}

async function open(
  requests: SourceRequests,
  options: OpenOptions,
): Promise<{ readonly log: OpenedEntries; readonly request: SourceRequest }> {
  const { log, request } = await requests.open(options);
  if (isEntries(log)) return { log, request };
  request.close();
  throw new LogReplaced();
}

function isEntries(log: OpenedLog): log is OpenedEntries {
  return log.kind === "entries";
}

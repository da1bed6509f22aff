import { SourceChain } from "../sources/chain.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import type { FileTextOptions } from "./examine-file.ts";
import { LogDamaged } from "./log-damaged.ts";
import { openEntriesAt, openEntriesSince, openEntriesTail, openWholeEntries } from "./open-entries.ts";
import { openFileAt, openFileTail, openWholeFile } from "./open-file.ts";
import { type BytePlace, fingerprintAt, inFile } from "./place.ts";
import type { Position } from "./position.ts";
import { searchPlace, skipToPlace } from "./skip-to-place.ts";
import { SourceRequests } from "./source-request.ts";
import { LogReplaced, type StartedText } from "./text.ts";
import type { ContainerView } from "./view.ts";

/** Where to begin if nothing was read yet. */
export interface Begin {
  /** Only so many of the last lines. */
  readonly tail?: number | undefined;
  /** Only lines since this time (RFC 3339), as far as the source itself can filter: earlier ones may come too. */
  readonly since?: string | undefined;
  /** Lines before this one are skipped. */
  readonly firstLine?: number | undefined;
}

export interface OpenTextOptions extends FileTextOptions {
  /** Whether a live source continues as the log grows. */
  readonly follow: boolean;
  readonly begin: Begin;
  /** Lines of this time (RFC 3339) and later are not needed, but the first of them. */
  readonly until?: string | undefined;
  /** How much of a copy is searched for the place to resume at, in bytes. */
  readonly searchBytes: number;
  /** Sources that were just found not to have the log: they are not asked again. */
  readonly failed: ReadonlyMap<string, SourceError>;
  /**
   * Waits until a log without times may be opened, and returns what ends its turn. Such logs cannot be merged, so that
   * of several only one is read at a time. Default: at once.
   */
  readonly takeTurn?: (() => Promise<() => void>) | undefined;
  readonly signal: AbortSignal;
}

/** A text that is open, and its source. */
export interface OpenedText extends StartedText {
  readonly source: LogSource;
  /**
   * How the place was found when the log continues in another source: `proved` by the text before it; `moved`: proved
   * too, but the source lacks lines before it, or has more; or a `seam`, after which the source's whole log follows.
   * `undefined`: the same source, or the beginning.
   */
  readonly handover: "proved" | "moved" | "seam" | undefined;
  /** To be called when the text has been read or closed. */
  readonly endTurn: (() => void) | undefined;
}

type PlacedText = Omit<OpenedText, "source" | "endTurn">;

/**
 * Opens the log of a container at the first of several sources that has it.
 *
 * @param candidates the sources, in the order in which to ask them.
 * @param position where to resume. `undefined`: begin where `options.begin` says.
 * @throws Failure if no source has it; LogReplaced if the position's own source has another log now.
 */
export async function openText(
  candidates: readonly LogSource[],
  view: ContainerView,
  position: Position | undefined,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const { signal } = options;
  const chain = new SourceChain();
  for (const source of candidates) {
    signal.throwIfAborted();
    if (!source.matches(view.facts)) {
      chain.skip(source);
      continue;
    }
    const failed = options.failed.get(source.name);
    const settleMs = source.capabilities.live ? undefined : source.settleMs;
    if (failed !== undefined) {
      chain.add(failed, settleMs);
      continue;
    }
    const requests = new SourceRequests(source, view.target, signal);
    const endTurn = source.capabilities.tellsTimes ? undefined : await options.takeTurn?.();
    try {
      return { ...(await openAt(source, requests, position, options)), source, endTurn };
    } catch (error) {
      endTurn?.();
      signal.throwIfAborted();
      // Another copy may be whole.
      const isCopy = position !== undefined && source.name !== position.source;
      const failure = error instanceof LogDamaged && isCopy ? damagedCopy(source, error) : error;
      if (!(failure instanceof SourceError)) throw failure;
      chain.add(failure, settleMs);
    }
  }
  throw chain.failure();
}

async function openAt(
  source: LogSource,
  requests: SourceRequests,
  position: Position | undefined,
  options: OpenTextOptions,
): Promise<PlacedText> {
  if (position === undefined) return { ...(await begin(source, requests, options)), handover: undefined };
  if (source.name !== position.source) return handOver(source, requests, position, options);
  return { ...(await resume(source, requests, position, options)), handover: undefined };
}

function damagedCopy({ name }: LogSource, cause: LogDamaged): SourceError {
  return new SourceError(name, "damaged", "has a damaged log", { fault: "log-damaged", cause });
}

function begin(source: LogSource, requests: SourceRequests, options: OpenTextOptions): Promise<StartedText> {
  const { tellsTimes } = source.capabilities;
  const { tail, since } = options.begin;
  if (tail !== undefined)
    return tellsTimes ? openEntriesTail(requests, tail, options) : openFileTail(requests, tail, options);
  if (!tellsTimes) return openWholeFile(requests, options);
  return since === undefined ? openWholeEntries(requests, options) : openEntriesSince(requests, since, options);
}

async function resume(
  source: LogSource,
  requests: SourceRequests,
  { place }: Position,
  options: OpenTextOptions,
): Promise<StartedText> {
  if (source.capabilities.tellsTimes) {
    if (place.kind !== "times") throw new LogReplaced();
    return openEntriesAt(requests, place, options, source.capabilities);
  }
  const own = inFile(place);
  if (own === undefined) throw new LogReplaced();
  // A file of records was decoded: its text has other offsets than the file.
  const decoded = place.kind === "times" ? { ...own, stored: undefined } : own;
  return openFileAt(requests, decoded, options);
}

/**
 * Opens a copy of the log where the same text lies before the place: at the same offset, else anywhere. If there is
 * none, the whole copy follows: a line with the same number may be another one, since a copy may lack lines.
 *
 * @throws SourceError if only a part of the log was requested, and the place is not found.
 */
async function handOver(
  source: LogSource,
  requests: SourceRequests,
  position: Position,
  options: OpenTextOptions,
): Promise<PlacedText> {
  const { place } = position;
  const inCopy = inFile(place);
  if (inCopy !== undefined) {
    try {
      const { text, start } = await openCopyAt(source, requests, inCopy, options);
      return { text, start: { ...start, place }, handover: "proved" };
    } catch (error) {
      if (!(error instanceof LogReplaced)) throw error;
    }
  }
  const fingerprint = fingerprintAt(place);
  if (fingerprint !== undefined) {
    const searched = await openCopy(source, requests, options);
    const found = await searchPlace(searched.text, fingerprint, options.searchBytes);
    if (found !== undefined) {
      const { text, start } = await openCopy(source, requests, options);
      await skipToPlace(text, { offset: found.offset, fingerprint });
      const line = found.lines + 1;
      const handover = position.relative || line === position.line ? "proved" : "moved";
      return { text, start: { ...start, place, line, offset: found.offset }, handover };
    }
  }
  if (position.relative) {
    throw new SourceError(source.name, "not-found", "has a log in which the position to resume at cannot be found");
  }
  return { ...(await openCopy(source, requests, options)), handover: "seam" };
}

async function openCopyAt(
  source: LogSource,
  requests: SourceRequests,
  place: BytePlace,
  options: OpenTextOptions,
): Promise<StartedText> {
  if (!source.capabilities.tellsTimes) return openFileAt(requests, place, options);
  const copy = await openCopy(source, requests, options);
  await skipToPlace(copy.text, place);
  return { text: copy.text, start: { place, relative: false, offset: place.offset } };
}

/** Opens everything that a source has now. */
function openCopy(source: LogSource, requests: SourceRequests, options: OpenTextOptions): Promise<StartedText> {
  const { growing, until } = options;
  return source.capabilities.tellsTimes
    ? openWholeEntries(requests, { growing, until, follow: false })
    : openWholeFile(requests, options);
}

import { SourceChain } from "../sources/chain.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import type { FileTextOptions } from "./file-text.ts";
import { openEntriesAt, openEntriesSince, openEntriesTail, openWholeEntries } from "./open-entries.ts";
import { openFileAt, openFileTail, openWholeFile } from "./open-file.ts";
import { type BytePlace, fingerprintAt, inFile } from "./place.ts";
import type { Position } from "./position.ts";
import { searchPlace, skipToPlace } from "./skip-to-place.ts";
import { SourceRequests } from "./source-request.ts";
import { LogReplaced, type StartedText } from "./text.ts";
import type { ContainerView } from "./view.ts";

/** Where to begin where nothing was read yet. */
export interface Begin {
  /** Only the last lines, as many as this. */
  readonly tail?: number | undefined;
  /** Only lines of this time and later (RFC 3339), as far as the source itself can choose them: earlier ones may come too. */
  readonly since?: string | undefined;
  /** Lines before this one are passed over. */
  readonly firstLine?: number | undefined;
}

export interface OpenTextOptions extends FileTextOptions {
  /** Whether a live source is to go on as the log grows. */
  readonly follow: boolean;
  readonly begin: Begin;
  /** How much of a copy is looked through for the place to resume at. */
  readonly searchBytes: number;
  /** Sources that were found to have no log a moment ago: they are not asked again. */
  readonly failed: ReadonlyMap<string, SourceError>;
  readonly signal: AbortSignal;
}

/** A log that is being read, and where. */
export interface OpenedText extends StartedText {
  readonly source: LogSource;
  /**
   * What is known of the place at which the log is resumed in another source than before: `proved` that it is the same, or a
   * `seam`, behind which all that the source has follows. `undefined` where it is the same source, or the beginning.
   */
  readonly handover: "proved" | "seam" | undefined;
}

/**
 * Opens the log of a container at the first of several sources that has it.
 *
 * @param candidates the sources, in the order in which they are asked.
 * @param position where to resume. Absent: `options.begin` says where to begin.
 * @throws Failure where no source has it; LogReplaced where the position's own source has another log now.
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
    if (failed !== undefined) {
      chain.add(failed);
      continue;
    }
    const requests = new SourceRequests(source, view.target, signal);
    try {
      if (position === undefined) return { ...(await begin(source, requests, options)), source, handover: undefined };
      if (source.name === position.source) {
        return { ...(await resume(source, requests, position, options)), source, handover: undefined };
      }
      return { ...(await handOver(source, requests, position, options)), source };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      chain.add(error);
    }
  }
  throw chain.failure();
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
  return openFileAt(requests, own, options);
}

/**
 * Opens a copy of the log where the text before the place is the same: as much of it, or text that ends alike. Where neither is
 * found, all of the copy follows: the line of the same number would be another one, since a copy may lack lines.
 *
 * @throws SourceError where only a part of the log was asked for, and the place is not found.
 */
async function handOver(
  source: LogSource,
  requests: SourceRequests,
  position: Position,
  options: OpenTextOptions,
): Promise<Omit<OpenedText, "source">> {
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
      return { text, start: { ...start, place, line: found.lines + 1, offset: found.offset }, handover: "proved" };
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

/** All that a source has of a log now: it is read to its end, and followed from there. */
function openCopy(source: LogSource, requests: SourceRequests, options: OpenTextOptions): Promise<StartedText> {
  const { growing } = options;
  return source.capabilities.tellsTimes
    ? openWholeEntries(requests, { growing, follow: false })
    : openWholeFile(requests, options);
}

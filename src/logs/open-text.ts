import { OVER } from "../over.ts";
import { hasEnded } from "../runs/run.ts";
import { inOrder, openFirst } from "../sources/chain.ts";
import type { LogSource, OpenOptions } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { type ByteLogOptions, type OpenFile, readFile, readFileFrom } from "./byte-log.ts";
import { readFileTail } from "./byte-tail.ts";
import { inFile } from "./place.ts";
import type { Position } from "./position.ts";
import { LogReplaced, type LogText } from "./text.ts";
import { sinceOf, timedText } from "./timed-log.ts";
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

export interface OpenTextOptions extends ByteLogOptions {
  /** Whether a live source is to go on as the log grows. */
  readonly follow: boolean;
  readonly begin: Begin;
  readonly signal: AbortSignal;
}

/** A log that is being read, and where. */
export interface OpenedText {
  readonly source: LogSource;
  readonly text: LogText;
  /** What is known of the place where the log goes on in another source than before; `undefined` where it is the same, or the beginning. */
  readonly seam: "proved" | "unproved" | undefined;
}

type TextOf = Omit<OpenedText, "source">;

/**
 * Opens the log of a container where it is, or where it can be read on.
 *
 * @param position where to go on: first at the source that it is of, then at others that may hold a copy.
 * @throws Failure where no source has it; LogReplaced where its own source has another log now.
 */
export async function openText(
  sources: readonly LogSource[],
  view: ContainerView,
  position: Position | undefined,
  options: OpenTextOptions,
): Promise<OpenedText> {
  const { signal } = options;
  const candidates =
    position === undefined ? inOrder(sources, !hasEnded(view.attempt.phase)) : behind(sources, position);
  const open = (source: LogSource): Promise<TextOf> =>
    position === undefined ? begin(source, view, options) : goOn(source, view, position, options);
  const { source, log } = await openFirst(candidates, view.facts, { signal, open });
  return { source, ...log };
}

/** The position's own source, then those that may hold a copy of what it was read from. */
function behind(sources: readonly LogSource[], { source: name }: Position): readonly LogSource[] {
  return [
    ...sources.filter((each) => each.name === name),
    ...sources.filter((each) => each.name !== name && !each.capabilities.tellsTimes),
  ];
}

async function begin(source: LogSource, view: ContainerView, options: OpenTextOptions): Promise<TextOf> {
  const { tail, since } = options.begin;
  if (source.capabilities.tellsTimes) {
    const seconds = since === undefined ? undefined : `${since.slice(0, 19)}Z`;
    const log = await opener(source, view, options)({ follow: options.follow, tailLines: tail, since: seconds });
    return { text: timedText(log, undefined, tail === undefined && since === undefined, options), seam: undefined };
  }
  const open = opener(source, view, options);
  return {
    text: await (tail === undefined ? readFile(open, options) : readFileTail(open, tail, options)),
    seam: undefined,
  };
}

async function goOn(
  source: LogSource,
  view: ContainerView,
  position: Position,
  options: OpenTextOptions,
): Promise<TextOf> {
  const { place } = position;
  const isOwn = source.name === position.source;
  const open = opener(source, view, options);
  if (isOwn && source.capabilities.tellsTimes) {
    if (place.kind !== "times") throw new LogReplaced();
    const log = await open({ follow: options.follow, since: sinceOf(place) });
    return { text: timedText(log, place, false, options), seam: undefined };
  }
  const inCopy = inFile(place);
  if (isOwn) {
    if (inCopy === undefined) throw new LogReplaced();
    return { text: await readFileFrom(open, inCopy, options), seam: undefined };
  }
  try {
    if (inCopy === undefined) throw new LogReplaced();
    return { text: await readFileFrom(open, inCopy, options), seam: "proved" };
  } catch (error) {
    if (!(error instanceof LogReplaced)) throw error;
    if (position.relative) {
      throw new SourceError(source.name, "not-found", "has a log in which the place to go on at cannot be found", {
        cause: error,
      });
    }
    // The same line is the best guess; a line of which the beginning was sent is not begun again.
    return {
      text: { ...(await readFile(open, options)), from: position.line + (position.inside ? 1 : 0) },
      seam: "unproved",
    };
  }
}

/** Each log that is opened has a signal of its own, which tells the source when it has been read or left. */
function opener(source: LogSource, { target }: ContainerView, { signal }: OpenTextOptions): OpenFile {
  return async (options?: OpenOptions) => {
    const reading = new AbortController();
    const leave = (): void => reading.abort(signal.reason);
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    const release = (): void => {
      signal.removeEventListener("abort", leave);
      reading.abort(OVER);
    };
    try {
      const log = await source.open(target, reading.signal, options);
      if (log.kind !== "file") throw new Error("Entries cannot be read yet.");
      return { ...log, body: releasing(log.body, release) };
    } catch (error) {
      release();
      throw error;
    }
  };
}

/** Not a generator: those do not hear of a reader who leaves in the middle of a read. */
function releasing(body: AsyncIterable<Uint8Array>, release: () => void): AsyncIterableIterator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  const result: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => result,
    async next() {
      try {
        const next = await iterator.next();
        if (next.done === true) release();
        return next;
      } catch (error) {
        release();
        throw error;
      }
    },
    async return() {
      try {
        await iterator.return?.();
      } finally {
        release();
      }
      return { done: true, value: undefined };
    },
  };
  return result;
}

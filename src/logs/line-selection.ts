import { countLineFeeds } from "../stream/count.ts";
import { createLineFilter, type LineFilter } from "../stream/line-filter.ts";
import { type FilteredText, type LineFilterOptions, type LineRun, reachesBack } from "../stream/line-filter-types.ts";
import { fingerprintOf, TAIL_BYTES, TailBuffer } from "../stream/tail-buffer.ts";
import type { LogPiece, PassedLines } from "./event.ts";
import type { ContainerCursor, Position } from "./position.ts";
import { LogReplaced } from "./text.ts";

/** A piece to be sent. */
export interface SentPiece {
  readonly kind: "sent";
  readonly bytes: Uint8Array;
  /** The number of the line in which it begins. */
  readonly line: number;
  /** How many lines end in it. */
  readonly lineFeeds: number;
  /** Its lines, if some may be missing between them. */
  readonly runs: readonly LineRun[] | undefined;
  readonly offset: number | undefined;
  readonly mediaType: string | undefined;
  /** Where to resume behind it, and where to resume to get it. */
  readonly cursor: ContainerCursor;
  readonly before: ContainerCursor;
}

/** What becomes of a piece of the log. */
export type Selected =
  | SentPiece
  /**
   * So much of the log was scanned, whether or not something of it is sent. `searching`: in search of lines to send.
   */
  | { readonly kind: "scanned"; readonly bytes: number; readonly searching: boolean; readonly cursor: ContainerCursor }
  /** A line was too long to be matched in full. Reported once. */
  | { readonly kind: "line-cut" }
  /** Matching takes long: others may run before it continues. */
  | { readonly kind: "yield" }
  | { readonly kind: "until-reached" };

/** Chooses the lines of one container's log that are sent. Each iterable is read to its end before the next call. */
export interface LineSelector {
  take(piece: LogPiece | PassedLines): Iterable<Selected>;
  /** What follows does not continue the text before it, nor what a cursor counted as done. */
  cut(): Iterable<Selected>;
  /**
   * The log has ended.
   *
   * @throws (by the iterator) LogReplaced if it is shorter than what was sent of it before.
   */
  end(): Iterable<Selected>;
  /** Whether lines are chosen by time, and none so far had one. */
  readonly lacksTimes: boolean;
}

/**
 * Creates a selector.
 *
 * @param options how lines are chosen. `undefined`: all of them.
 * @param from where to resume.
 */
export function createLineSelector(
  options: LineFilterOptions | undefined,
  from: ContainerCursor | undefined,
): LineSelector {
  return options === undefined ? new AllLines(from) : new FilteredLines(options, from);
}

const NOTHING: readonly Selected[] = [];

class AllLines implements LineSelector {
  readonly lacksTimes = false;
  #skip: SentSkip;

  constructor(from: ContainerCursor | undefined) {
    this.#skip = new SentSkip(from);
  }

  take(piece: LogPiece | PassedLines): readonly Selected[] {
    const { after } = piece;
    if (piece.kind === "passed") {
      return [
        { kind: "scanned", bytes: piece.bytes, searching: true, cursor: { position: after, ...this.#skip.left } },
      ];
    }
    const skipped = this.#skip.pass(piece.bytes);
    // The cursor still counts from the position that skipping began at.
    const scanned: Selected = {
      kind: "scanned",
      bytes: piece.bytes.length,
      searching: false,
      cursor: skipped === 0 ? { position: after } : { position: after, ...this.#skip.left },
    };
    return skipped === piece.bytes.length ? [scanned] : [sentPiece(piece, skipped), scanned];
  }

  cut(): readonly Selected[] {
    this.#skip = new SentSkip();
    return NOTHING;
  }

  end(): readonly Selected[] {
    this.#skip.end();
    return NOTHING;
  }
}

function sentPiece(piece: LogPiece, skipped: number): SentPiece {
  const { bytes, line, lineFeeds, offset, mediaType, before, after } = piece;
  const feedsBefore = skipped === 0 ? 0 : countLineFeeds(bytes.subarray(0, skipped));
  return {
    kind: "sent",
    bytes: skipped === 0 ? bytes : bytes.subarray(skipped),
    line: line + feedsBefore,
    lineFeeds: lineFeeds - feedsBefore,
    runs: undefined,
    offset: offset === undefined ? undefined : offset + skipped,
    mediaType,
    cursor: { position: after },
    before: { position: before, ...sentOf(bytes, skipped) },
  };
}

class FilteredLines implements LineSelector {
  readonly #options: LineFilterOptions;
  #skip: SentSkip;
  #filter: LineFilter | undefined;
  #resumed: ContainerCursor["filter"];
  #notifiedCut = false;
  #mediaType: string | undefined;
  /** The texts that may have to be read again to resume, oldest first. */
  #starts: { readonly position: Position; readonly start: LineFilter["nextStart"] }[] = [];
  #line = 0;

  constructor(options: LineFilterOptions, from: ContainerCursor | undefined) {
    this.#options = options;
    this.#skip = new SentSkip(from);
    this.#resumed = from?.filter;
  }

  get lacksTimes(): boolean {
    return this.#filter?.lacksTimes ?? false;
  }

  *take(piece: LogPiece | PassedLines): Generator<Selected> {
    if (piece.kind === "passed") {
      const state = this.#resumed && { filter: this.#resumed };
      const cursor = { position: piece.after, ...state, ...this.#skip.left };
      yield { kind: "scanned", bytes: piece.bytes, searching: true, cursor };
      return;
    }
    this.#line = piece.line;
    this.#mediaType = piece.mediaType;
    const filter = this.#begin(piece);
    const before = this.#cursorAt(filter);
    const { bytes, times } = piece;
    const pushed = filter.push(times === undefined ? { bytes } : { bytes, times });
    let step = pushed.next();
    for (; !step.done; step = pushed.next()) yield { kind: "yield" };
    if (!filter.untilReached) this.#starts.push({ position: piece.after, start: filter.nextStart });
    yield* this.#send(filter, step.value, before);
    if (filter.untilReached) {
      yield { kind: "until-reached" };
      return;
    }
    const state = { done: filter.done, part: filter.part, context: filter.context, time: filter.time };
    const needed = this.#starts.findLastIndex((each) => reachesBack(each.start, state));
    if (needed > 0) this.#starts = this.#starts.slice(needed);
    const cursor = { ...this.#cursorAt(state), ...this.#skip.left };
    yield { kind: "scanned", bytes: bytes.length, searching: true, cursor };
  }

  *cut(): Generator<Selected> {
    yield* this.#flush();
    this.#filter = undefined;
    this.#resumed = undefined;
    this.#skip = new SentSkip();
  }

  *end(): Generator<Selected> {
    yield* this.#flush();
    this.#skip.end();
  }

  *#flush(): Generator<Selected> {
    const filter = this.#filter;
    if (filter === undefined) return;
    const before = this.#cursorAt(filter);
    yield* this.#send(filter, filter.end(), before);
  }

  /** Returns the filter, which is fed from this piece on. */
  #begin({ line, before }: LogPiece): LineFilter {
    const resumed = this.#resumed;
    if (this.#filter === undefined) {
      const { going, time, within, ...state } = resumed ?? {};
      this.#filter = createLineFilter(this.#options, {
        line,
        ...state,
        ...(within !== undefined && { within }),
        ...(time !== undefined && { time }),
        ...(going !== undefined && { decision: { kind: going.kind, time: going.time } }),
      });
      this.#starts = [];
    }
    const start =
      resumed === undefined
        ? this.#filter.nextStart
        : {
            line,
            within: resumed.within ?? 0,
            decision: resumed.going && { kind: resumed.going.kind, time: resumed.going.time },
          };
    this.#resumed = undefined;
    this.#starts.push({ position: before, start });
    return this.#filter;
  }

  #cursorAt({ done, part, context, time }: FilteredText["resume"]): ContainerCursor {
    const state = { done, part, context, time };
    const found = this.#starts.findLast((each) => reachesBack(each.start, state)) ?? this.#starts[0];
    if (found === undefined) throw new Error("A filter has been fed nothing yet.");
    const { within, decision } = found.start;
    return {
      position: found.position,
      filter: {
        done,
        part,
        context,
        ...(time !== undefined && { time }),
        ...(within !== undefined && { within }),
        ...(decision !== undefined && {
          going: { kind: decision.kind, ...(decision.time !== undefined && { time: decision.time }) },
        }),
      },
    };
  }

  *#send(filter: LineFilter, outputs: readonly FilteredText[], begin: ContainerCursor): Generator<Selected> {
    let before = begin;
    for (const { bytes, runs, resume } of outputs) {
      const cursor = this.#cursorAt(resume);
      const skipped = this.#skip.pass(bytes);
      if (skipped < bytes.length) {
        const left = skipped === 0 ? runs : dropLines(runs, countLineFeeds(bytes.subarray(0, skipped)));
        const sent = skipped === 0 ? bytes : bytes.subarray(skipped);
        yield {
          kind: "sent",
          bytes: sent,
          line: left[0]?.firstLine ?? this.#line,
          lineFeeds: countLineFeeds(sent),
          runs: left,
          offset: undefined,
          mediaType: this.#mediaType,
          cursor,
          before: { ...before, ...sentOf(bytes, skipped) },
        };
      }
      before = cursor;
    }
    if (filter.cutLines > 0 && !this.#notifiedCut) {
      this.#notifiedCut = true;
      yield { kind: "line-cut" };
    }
  }
}

type Sent = Pick<ContainerCursor, "sent" | "sentFingerprint">;

/** Returns what a cursor at the beginning of these bytes needs if the first of them were sent. */
function sentOf(bytes: Uint8Array, sent: number): Sent {
  return sent === 0 ? {} : { sent, sentFingerprint: fingerprintOf(bytes.subarray(0, sent).subarray(-TAIL_BYTES)) };
}

/** Skips what was sent behind a position before a limit cut the piece. */
class SentSkip {
  readonly #fingerprint: ContainerCursor["sentFingerprint"];
  readonly #tail: TailBuffer | undefined;
  #left: number;

  constructor({ sent = 0, sentFingerprint }: Sent = {}) {
    this.#left = sent;
    this.#fingerprint = sentFingerprint;
    this.#tail = sent === 0 ? undefined : new TailBuffer();
  }

  /** What is still to be skipped, for a cursor. */
  get left(): Sent {
    if (this.#left === 0) return {};
    const sentFingerprint = this.#fingerprint;
    // Fewer bytes than it was made of do not match it.
    if (sentFingerprint === undefined || this.#left < sentFingerprint.length) return { sent: this.#left };
    return { sent: this.#left, sentFingerprint };
  }

  /**
   * Returns how many of the next bytes were sent before.
   *
   * @throws LogReplaced if other bytes were.
   */
  pass(bytes: Uint8Array): number {
    const skipped = Math.min(this.#left, bytes.length);
    if (skipped === 0) return 0;
    this.#left -= skipped;
    this.#tail?.push(bytes.subarray(0, skipped));
    const expected = this.#fingerprint;
    if (this.#left === 0 && expected !== undefined && this.#tail?.fingerprint(expected.length).hash !== expected.hash) {
      throw new LogReplaced();
    }
    return skipped;
  }

  /** @throws LogReplaced if the log has ended and is shorter than what was sent of it. */
  end(): void {
    if (this.#left > 0) throw new LogReplaced();
  }
}

/** Returns the runs without their first lines. */
function dropLines(runs: readonly LineRun[], lines: number): readonly LineRun[] {
  let left = lines;
  return runs.flatMap((run): LineRun[] => {
    const dropped = Math.min(left, run.count);
    left -= dropped;
    return dropped === run.count ? [] : [{ ...run, firstLine: run.firstLine + dropped, count: run.count - dropped }];
  });
}

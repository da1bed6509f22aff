import { createFilterState } from "./filter-state.ts";
import type { FilteredText, LineFilterResume } from "./filtered-text.ts";
import { findLineEnds, lineEnds } from "./line-ends.ts";
import type { LineMatcher } from "./line-matcher.ts";
import { createOpenLine } from "./open-line.ts";
import type { TextStart } from "./text-start.ts";
import { createWholeLines } from "./whole-lines.ts";

/** Where a line begins in a text, and its time: RFC 3339 in UTC with nine digits, `2026-01-01T00:00:00.000000000Z`, so that texts compare as times do. */
export interface LineTime {
  readonly at: number;
  readonly time: string;
}

/** The next valid UTF-8 of a log, cut anywhere between characters (also inside a line), at most about 256 KiB. The filter may keep parts of it until the next call only. */
export interface TimedText {
  readonly bytes: Uint8Array;
  /** One entry for each line that begins in it, in order. Only where the source tells times: then for all texts. */
  readonly times?: readonly LineTime[];
}

export interface LineFilterOptions {
  /** Which lines to send. Default: all. */
  readonly grep?: {
    readonly matches: LineMatcher;
    readonly invert: boolean;
    /** How many lines to send before and after each match. */
    readonly before: number;
    readonly after: number;
  };
  /** Lines before this time are left out, as if they were not there; so are lines before any time. Written as in {@link LineTime}. */
  readonly since?: string;
  /** The first line of this time or later ends all. */
  readonly until?: string;
  /** The year of times in lines that tell none. Default: the present one. Needs to be the same when a read is resumed. */
  readonly year?: number;
  /** Whether to put `time + " "` before each line that is sent. Only where the source tells times. */
  readonly timestamps: boolean;
  /** How much of a line is looked at, and the longest line that can be context before a match. Default, and most: 64 KiB, or what the pattern allows. */
  readonly lineBytes?: number;
  /** How large an output is at most. Default, and most: 255 KiB. At least, a line that is looked at whole has to fit with a time before it. */
  readonly outputBytes?: number;
}

/** Where the text begins, and what of it was sent before (for a resumed read). */
export interface LineFilterStart extends TextStart, Partial<LineFilterResume> {}

/**
 * Sends the lines of a log that are asked for.
 *
 * Lines end with a line feed; a carriage return is part of its line. What it gives does not depend on how the log is cut into texts.
 */
export interface LineFilter extends LineFilterResume {
  /** Filters a text. It stops now and then, where a pattern is much work, so that others may have their turn; it goes on at once where nobody needs one. */
  push(text: TimedText): Generator<undefined, readonly FilteredText[], undefined>;
  /** The log is at its end: the last line may lack its line feed. */
  end(): readonly FilteredText[];
  /** The first line that has to be read again to go on from here: always `done + 1`. */
  readonly needFrom: number;
  /**
   * Where the next text begins. Kept for each text, it tells by {@link reachesBack} whether a resumed filter can begin with it. Says nothing
   * once `until` was reached.
   */
  readonly nextStart: TextStart;
  /** A line came that is not before `until`. Nothing more is sent after it. */
  readonly untilReached: boolean;
  /** Number of lines that were longer than `lineBytes` and of which only the beginning was looked at. */
  readonly cutLines: number;
}

const LINE_FEED = 0x0a;
const LINE_BYTES = 64 * 1024;
const OUTPUT_BYTES = 255 * 1024;
/** A time, a space and a line feed. */
const AROUND_LINE_BYTES = 32;

/**
 * Makes a filter.
 *
 * To resume: `{ ...start, ...resume }`, with the start of a text for which {@link reachesBack} holds, and what came with the last output (or the filter's own
 * state). The new filter gives exactly the outputs that the first would still have given, if it is fed the same log from that text on.
 */
export function createLineFilter(options: LineFilterOptions, start: LineFilterStart): LineFilter {
  const { grep } = options;
  const lineBytes = Math.min(options.lineBytes ?? LINE_BYTES, LINE_BYTES, grep?.matches.lineBytes ?? LINE_BYTES);
  const outputBytes = Math.min(options.outputBytes ?? OUTPUT_BYTES, OUTPUT_BYTES);
  const turnBytes = grep?.matches.turnBytes ?? Number.POSITIVE_INFINITY;
  const state = createFilterState(options, start, Math.max(lineBytes + AROUND_LINE_BYTES, outputBytes));
  const { gatherer, window, giant, times, resume } = state;
  const whole = createWholeLines(state);
  const open = createOpenLine(state, whole, lineBytes);
  /** Lines up to this one are passed over. */
  const passOver = state.dealtWith;

  /** Passes over lines that were dealt with before; returns where the others begin. */
  const skip = (bytes: Buffer): number => {
    let at = 0;
    while (state.line <= passOver && at < bytes.length) {
      const feed = bytes.indexOf(LINE_FEED, at);
      giant.within = feed === -1 ? giant.within + bytes.length - at : 0;
      if (feed !== -1) state.line += 1;
      at = feed === -1 ? bytes.length : feed + 1;
    }
    return at;
  };
  /** Goes on with what stands at a place: the line that is open, or as many whole ones as there are. Returns where to go on. */
  const step = (bytes: Buffer, at: number): number => {
    if (giant.going !== undefined) return open.goOn(bytes, at, giant.going);
    if (open.kept > 0) return open.fill(bytes, at);
    const count = findLineEnds(bytes, at, lineBytes, turnBytes);
    if (count === 0) return open.begin(bytes, at);
    const end = lineEnds[count - 1] ?? bytes.length;
    whole.judge(bytes, at, count, times.told);
    return end;
  };
  const follow = function* (bytes: Buffer): Generator<undefined, void, undefined> {
    let turnAt = turnBytes + (grep?.matches.matchedBytes ?? 0);
    for (let at = skip(bytes); at < bytes.length && !state.untilReached; ) {
      at = step(bytes, at);
      // After a long line, others get as many turns as they would have had between short ones.
      for (; grep !== undefined && grep.matches.matchedBytes >= turnAt; turnAt += turnBytes) yield;
    }
  };
  const hand = (): readonly FilteredText[] => {
    if (state.untilReached) window.clear();
    window.own();
    gatherer.flush(resume);
    return gatherer.take();
  };

  return {
    *push(text) {
      if (state.untilReached) return [];
      times.take(text.times);
      yield* follow(Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.length));
      return hand();
    },
    end() {
      open.end();
      return hand();
    },
    get needFrom() {
      return resume().done + 1;
    },
    get nextStart() {
      return { line: state.line, within: giant.within, going: giant.going };
    },
    get done() {
      return resume().done;
    },
    get part() {
      return resume().part;
    },
    get context() {
      return resume().context;
    },
    get time() {
      return resume().time;
    },
    get untilReached() {
      return state.untilReached;
    },
    get cutLines() {
      return open.cutLines;
    },
  };
}

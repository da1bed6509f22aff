import { entryAt, findLineTime, findTimes, TimeRange, timesOfLine } from "./block-times.ts";
import { LINE_FEED } from "./bytes.ts";
import { cutLength } from "./characters.ts";
import { ContextLines } from "./context-lines.ts";
import { countLineFeeds } from "./count.ts";
import type { FilteredText, LineFilterResume } from "./filtered-text.ts";
import type { LineMatcher } from "./line-matcher.ts";
import { LineOutput } from "./line-output.ts";
import type { LineTimes } from "./line-times.ts";
import { PartialLine } from "./partial-line.ts";
import type { GoingLine, TextStart } from "./text-start.ts";

/**
 * The next valid UTF-8 of a log, cut anywhere between characters (also inside a line), at most about 256 KiB. The
 * filter
 * may keep parts of it until the next call only.
 */
export interface TimedText {
  readonly bytes: Uint8Array;
  /** The times of the lines that begin in it. Only where the source tells times: then for all texts. */
  readonly times?: LineTimes;
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
  /**
   * Lines before this time are left out, as if they were not there; so are lines before any time. As in {@link
   * LineTimes}.
   */
  readonly since?: string;
  /** The first line of this time or later ends all. */
  readonly until?: string;
  /** The year of times in lines that have none. Default: the present one. Must be the same when a read is resumed. */
  readonly year?: number;
  /** Whether to put `time + " "` before each line that is sent. Only where the source tells times. */
  readonly timestamps: boolean;
  /**
   * How much of a line is looked at, and the longest line that can be context before a match. Default, and at most:
   * 64 KiB, or what the pattern allows.
   */
  readonly lineBytes?: number;
  /**
   * How large an output is at most. Default, and at most: 255 KiB. At least: a line that is looked at whole has to fit,
   * with a time before it.
   */
  readonly outputBytes?: number;
}

/** Where the text begins, and what of it was sent before (for a resumed read). */
export interface LineFilterStart extends TextStart, Partial<LineFilterResume> {}

/** A text, or a line that was put together, whose lines are judged. */
interface Block {
  readonly bytes: Buffer;
  /** When lines of it were written. Absent where the filter needs no times. */
  readonly times: LineTimes | undefined;
  /** Whether these are put before lines. */
  readonly prefixed: boolean;
}

const LINE_BYTES = 64 * 1024;
const OUTPUT_BYTES = 255 * 1024;
/** A time, a space and a line feed. */
const AROUND_LINE_BYTES = 32;

/**
 * Makes a filter.
 *
 * To resume: `{ ...start, ...resume }`, with the start of a text for which `reachesBack` holds, and what came with the
 * last output (or the filter's own state). The new filter gives exactly the outputs that the first would still have
 * given, if it is fed the same log from that text on.
 */
export function createLineFilter(options: LineFilterOptions, start: LineFilterStart): LineFilter {
  return new LineFilter(options, start);
}

/**
 * Sends the lines of a log that are asked for.
 *
 * Lines end with a line feed; a carriage return is part of its line. The output does not depend on how the log is cut
 * into texts. Whole lines are judged a text at a time: the end of a single line is looked for only where a match, a
 * time
 * or the size of an output needs it. Of a line whose end has not come, as much is kept as is looked at; then it is
 * decided,
 * and the rest of it is sent or dropped as it comes, however long it is.
 */
export class LineFilter implements LineFilterResume {
  readonly #options: LineFilterOptions;
  readonly #range: TimeRange;
  readonly #year: number;
  readonly #lineBytes: number;
  readonly #output: LineOutput;
  /** Lines that may be context of a match to come. */
  readonly #held: ContextLines;
  /** Lines up to this one are skipped: an earlier filter was done with them. */
  readonly #doneBefore: number;
  /** The line that comes next, or of which a part has come, and its number. */
  readonly #partial: PartialLine;
  #line: number;
  /** How many lines are still context of the last match. */
  #contextLeft: number;
  /** The time in effect before the line. */
  #time: string | undefined;
  #untilReached = false;
  #cutLines = 0;

  constructor(options: LineFilterOptions, start: LineFilterStart) {
    const { grep } = options;
    this.#options = options;
    this.#range = new TimeRange(options.since, options.until);
    this.#year = options.year ?? new Date().getUTCFullYear();
    this.#lineBytes = Math.min(options.lineBytes ?? LINE_BYTES, LINE_BYTES, grep?.matches.lineBytes ?? LINE_BYTES);
    this.#held = new ContextLines(grep?.before ?? 0);
    this.#doneBefore = start.done ?? start.line - 1;
    this.#line = start.line;
    this.#contextLeft = start.context ?? 0;
    this.#time = start.time;
    const { within = 0, part = 0 } = start;
    const going = start.line > this.#doneBefore ? start.going : undefined;
    this.#partial = new PartialLine(within, part, going);
    const outputBytes = Math.min(options.outputBytes ?? OUTPUT_BYTES, OUTPUT_BYTES);
    this.#output = new LineOutput(
      Math.max(this.#lineBytes + AROUND_LINE_BYTES, outputBytes),
      going === undefined ? part : Math.max(0, part - within),
      () => this.#resume,
    );
  }

  get done(): number {
    return this.#resume.done;
  }
  get part(): number {
    return this.#resume.part;
  }
  get context(): number {
    return this.#resume.context;
  }
  get time(): string | undefined {
    return this.#resume.time;
  }
  /**
   * Where the next text begins. Kept for each text, it tells by `reachesBack` whether a resumed filter can begin with
   * it.
   * Says nothing once `until` was reached.
   */
  get nextStart(): TextStart {
    return { line: this.#line, within: this.#partial.within, going: this.#partial.going };
  }
  /** A line came that is not before `until`. Nothing more is sent. */
  get untilReached(): boolean {
    return this.#untilReached;
  }
  /** Number of lines that were longer than `lineBytes` and of which only the beginning was looked at. */
  get cutLines(): number {
    return this.#cutLines;
  }

  /** Filters a text. Yields now and then where a pattern is much work, so that the caller can let others run. */
  *push({ bytes: text, times }: TimedText): Generator<undefined, readonly FilteredText[], undefined> {
    if (this.#untilReached) return [];
    const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
    const matcher = this.#options.grep?.matches;
    for (let at = this.#skipDone(bytes); at < bytes.length && !this.#untilReached; ) {
      if (this.#partial.going !== undefined) at = this.#passOn(bytes, at, this.#partial.going);
      else if (this.#partial.keptBytes > 0) at = yield* this.#fill(bytes, at);
      else {
        const end = endOfWholeLines(bytes, at, this.#lineBytes);
        if (end > at) yield* this.#judge(bytes, at, end, times);
        at = end > at ? end : this.#begin(bytes, at, times);
      }
      for (; matcher?.needsYield; matcher.yielded()) yield;
    }
    return this.#takeOutputs();
  }

  /** The log is at its end: the last line may lack its line feed. */
  end(): readonly FilteredText[] {
    if (this.#partial.keptBytes > 0 && !this.#untilReached) this.#decideKept();
    return this.#takeOutputs();
  }

  get #resume(): LineFilterResume {
    const { first } = this.#held;
    if (first !== undefined) return { done: first.number - 1, part: 0, context: 0, time: first.timeBefore };
    const done = Math.max(this.#doneBefore, this.#line - 1);
    return { done, part: this.#partial.part, context: this.#contextLeft, time: this.#time };
  }

  #takeOutputs(): readonly FilteredText[] {
    if (this.#untilReached) this.#held.clear();
    this.#held.own();
    return this.#output.take();
  }

  /** Skips lines that an earlier filter was done with. Returns where the others begin. */
  #skipDone(bytes: Buffer): number {
    let at = 0;
    while (this.#line <= this.#doneBefore && at < bytes.length) {
      const feed = bytes.indexOf(LINE_FEED, at);
      this.#partial.within = feed === -1 ? this.#partial.within + bytes.length - at : 0;
      if (feed !== -1) this.#line += 1;
      at = feed === -1 ? bytes.length : feed + 1;
    }
    return at;
  }

  // Whole lines. Each of these deals with all lines between two offsets of a block, in order.

  /** Sends those that are asked for. */
  *#judge(bytes: Buffer, from: number, to: number, told: LineTimes | undefined): Generator<undefined> {
    const prefixed = told !== undefined && this.#options.timestamps;
    if (this.#range.isOpen) {
      yield* this.#choose({ bytes, times: prefixed ? told : undefined, prefixed }, from, to);
      return;
    }
    const times = told ?? findTimes(bytes, from, to, this.#year);
    const block = { bytes, times, prefixed };
    const { starts } = times;
    /** From here on, lines are alike up to `at`. */
    let begin = from;
    let areWanted = false;
    let time = this.#time;
    for (let at = from, index = entryAt(times, from); at < to; at = Math.min(starts[index] ?? to, to)) {
      if (starts[index] === at) {
        time = times.times[index];
        index += 1;
      }
      const isOver = this.#range.isOver(time);
      if (!isOver && this.#range.isEarly(time) !== areWanted) continue;
      yield* this.#chooseOrSkip(block, begin, at, areWanted);
      this.#untilReached = isOver;
      if (isOver) return;
      begin = at;
      areWanted = !areWanted;
    }
    yield* this.#chooseOrSkip(block, begin, to, areWanted);
  }

  *#chooseOrSkip(block: Block, begin: number, end: number, areWanted: boolean): Generator<undefined> {
    if (begin === end) return;
    if (areWanted) yield* this.#choose(block, begin, end);
    else this.#advance(block, end, countLineFeeds(block.bytes.subarray(begin, end)));
  }

  /** Chooses by the pattern. */
  *#choose(block: Block, from: number, to: number): Generator<undefined> {
    const { grep } = this.#options;
    if (grep === undefined) {
      this.#match(block, from, to);
      return;
    }
    const { bytes } = block;
    const { matches: matcher, invert } = grep;
    const search = matcher.search(bytes.subarray(from, to));
    /** From here on, lines are alike up to `at`. */
    let begin = from;
    let areHits = false;
    const deal = (end: number): void => {
      if (begin < end && areHits !== invert) this.#match(block, begin, end);
      else if (begin < end) this.#pass(block, begin, end);
      begin = end;
      areHits = !areHits;
    };
    for (let at = from; at < to; ) {
      for (; matcher.needsYield; matcher.yielded()) yield;
      const found = search.next(at - from);
      const hit = from + found;
      // No line before this one matches.
      const next = found < 0 ? from + ~found : hit >= to ? to : hit > at ? Math.max(at, lineStart(bytes, hit)) : at;
      if (next > at && areHits) deal(at);
      at = next;
      if (found < 0 || at === to) continue;
      if (!areHits) deal(at);
      at = bytes.indexOf(LINE_FEED, hit) + 1;
    }
    deal(to);
  }

  /** Sends lines that match, and before them those that are held. */
  #match(block: Block, begin: number, end: number): void {
    this.#sendHeld();
    this.#send(block, begin, end, countLineFeeds(block.bytes.subarray(begin, end)), false);
  }

  /** Passes over lines that do not match: the first may be context of the last match, the last of the next one. */
  #pass(block: Block, begin: number, end: number): void {
    const { bytes, prefixed } = block;
    let at = begin;
    let count = countLineFeeds(bytes.subarray(begin, end));
    const after = Math.min(this.#contextLeft, count);
    for (let left = after; left > 0; left -= 1) at = bytes.indexOf(LINE_FEED, at) + 1;
    this.#send(block, begin, at, after, true);
    count -= after;
    const before = Math.min(this.#options.grep?.before ?? 0, count);
    const starts: number[] = [];
    for (let start = end; starts.length < before; starts.push(start)) start = Math.max(at, lineStart(bytes, start - 1));
    for (let index = before - 1; index >= 0; index -= 1) {
      const start = starts[index] ?? end;
      const stop = starts[index - 1] ?? end;
      this.#held.add({
        number: this.#line + count - 1 - index,
        bytes: bytes.subarray(start, stop),
        prefix: prefixed ? this.#timeBefore(block, stop) : undefined,
        timeBefore: this.#timeBefore(block, start),
      });
    }
    this.#advance(block, end, count);
  }

  /** Sends the lines that are held: a match has come. */
  #sendHeld(): void {
    for (let held = this.#held.first; held !== undefined; held = this.#held.first) {
      // It goes out before it is removed: an output that ends before it has to begin with it again.
      const { bytes, number, prefix } = held;
      if (bytes !== undefined) this.#output.addLine(bytes, { number, count: 1, context: true }, prefix);
      this.#held.take();
    }
  }

  #send(block: Block, begin: number, end: number, count: number, context: boolean): void {
    const { bytes, prefixed } = block;
    for (let at = begin, left = count; left > 0; ) {
      const lines = { number: this.#line, count: left, context };
      const next = this.#output.addLines(bytes, at, end, lines, prefixed ? block.times : undefined, this.#time);
      const sent = next === end ? left : countLineFeeds(bytes.subarray(at, next));
      this.#contextLeft = context ? this.#contextLeft - sent : (this.#options.grep?.after ?? 0);
      this.#advance(block, next, sent);
      at = next;
      left -= sent;
    }
  }

  /** Moves on behind lines that were dealt with. */
  #advance(block: Block, end: number, count: number): void {
    if (count === 0) return;
    this.#line += count;
    this.#time = this.#timeBefore(block, end);
    this.#partial.end();
  }

  /** The time in effect before the line that begins at an offset, which is not before the line that comes next. */
  #timeBefore({ times }: Block, at: number): string | undefined {
    // Where no entry stands before the offset, the time has not changed in this block.
    return times?.times[entryAt(times, at) - 1] ?? this.#time;
  }

  // The line whose end has not come. Each of these returns where to resume in the text.

  /** Begins with a line that is too long to be looked at whole, or does not end in the text. */
  #begin(bytes: Buffer, from: number, told: LineTimes | undefined): number {
    this.#partial.times = told && timesOfLine(told, from);
    const head = bytes.subarray(from, from + this.#lineBytes + 1);
    const atOnce = this.#options.grep === undefined && (told !== undefined || this.#range.isOpen);
    if (!atOnce && head.length <= this.#lineBytes) {
      this.#partial.keep(head);
      return bytes.length;
    }
    if (this.#decide(head) === undefined) return bytes.length;
    if (!atOnce) this.#cutLines += 1;
    return from;
  }

  /** Adds to what is kept of the line. */
  *#fill(bytes: Buffer, from: number): Generator<undefined, number> {
    const more = bytes.subarray(from, from + this.#lineBytes + 1 - this.#partial.keptBytes);
    const feed = more.indexOf(LINE_FEED);
    this.#partial.keep(feed === -1 ? more : more.subarray(0, feed + 1));
    if (feed !== -1) {
      const line = this.#partial.take();
      yield* this.#judge(line, 0, line.length, this.#partial.times);
      return from + feed + 1;
    }
    if (this.#partial.keptBytes > this.#lineBytes) {
      if (!this.#decideKept()) return bytes.length;
      this.#cutLines += 1;
    }
    return from + more.length;
  }

  /** Decides the line by what is kept of it, and deals with that. Returns whether more is wanted of the log. */
  #decideKept(): boolean {
    const head = this.#partial.take();
    const decided = this.#decide(head);
    if (decided !== undefined) this.#passOn(head, 0, decided);
    return decided !== undefined;
  }

  /** Decides the line by the part of it that is looked at. `undefined` where it ends all. */
  #decide(bytes: Buffer): GoingLine | undefined {
    const head = bytes.subarray(0, cutLength(bytes, this.#lineBytes));
    const { times } = this.#partial;
    const isFound = times === undefined && !this.#range.isOpen;
    const time = (isFound ? findLineTime(head, 0, head.length, this.#year) : times?.times[0]) ?? this.#time;
    this.#untilReached = this.#range.isOver(time);
    this.#partial.going = this.#untilReached ? undefined : { kind: this.#kindOf(head, time), time };
    return this.#partial.going;
  }

  #kindOf(head: Buffer, time: string | undefined): GoingLine["kind"] {
    const { grep } = this.#options;
    if (this.#range.isEarly(time)) return "dropped";
    if (grep === undefined) return "match";
    if (grep.matches.search(head).next(0) < head.length !== grep.invert) {
      this.#sendHeld();
      return "match";
    }
    if (this.#contextLeft > 0) return "context";
    this.#held.add({ number: this.#line, bytes: undefined, prefix: undefined, timeBefore: this.#time });
    return "dropped";
  }

  /** Sends or drops the next part of a line that is decided. */
  #passOn(bytes: Buffer, from: number, { kind, time }: GoingLine): number {
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (kind === "dropped") this.#partial.within += end - from;
    else this.#sendPart(bytes.subarray(from, end), time, kind === "context");
    if (feed === -1) return end;
    if (kind === "match") this.#contextLeft = this.#options.grep?.after ?? 0;
    if (kind === "context") this.#contextLeft -= 1;
    if (!this.#range.isOpen || this.#options.timestamps) this.#time = time;
    this.#line += 1;
    this.#partial.end();
    return end;
  }

  #sendPart(bytes: Buffer, time: string | undefined, context: boolean): void {
    const partial = this.#partial;
    const prefix = partial.times !== undefined && this.#options.timestamps && partial.within === 0 ? time : undefined;
    const lines = { number: this.#line, count: 1, context };
    let at = this.#output.leaveOut(bytes.length);
    partial.within += at;
    while (at < bytes.length) {
      const sent = this.#output.addPart(bytes.subarray(at), lines, partial.within === 0 ? prefix : undefined);
      at += sent;
      partial.within += sent;
      partial.part = partial.within;
    }
  }
}

/** Where the line begins that a byte lies in; of a line's end, where that line begins that follows. */
function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, at - 1) + 1;
}

/** Where the whole lines end that begin at `from`, up to the first with more than `maxBytes` before its line feed. */
function endOfWholeLines(bytes: Buffer, from: number, maxBytes: number): number {
  let at = from;
  while (at < bytes.length) {
    const last = bytes.lastIndexOf(LINE_FEED, Math.min(at + maxBytes, bytes.length - 1));
    if (last < at) break;
    at = last + 1;
  }
  return at;
}

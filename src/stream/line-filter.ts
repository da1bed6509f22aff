import { entryAt, findLineTime, findTimes, timesOfLine } from "./block-times.ts";
import { LINE_FEED } from "./bytes.ts";
import { cutLength } from "./characters.ts";
import { ContextLines } from "./context-lines.ts";
import { countLineFeeds } from "./count.ts";
import { type FilteredText, type LineFilterResume, OutputBuffer } from "./filtered-text.ts";
import type { LineMatcher } from "./line-matcher.ts";
import type { LineTimes } from "./line-times.ts";
import type { GoingLine, TextStart } from "./text-start.ts";

/**
 * The next valid UTF-8 of a log, cut anywhere between characters (also inside a line), at most about 256 KiB. The filter
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
  /** Lines before this time are left out, as if they were not there; so are lines before any time. As in {@link LineTimes}. */
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
  /** Whether the source told them. Times that stand in lines are not put before them once more. */
  readonly timed: boolean;
}

const LINE_BYTES = 64 * 1024;
const OUTPUT_BYTES = 255 * 1024;
/** A time and a space. */
const PREFIX_BYTES = 31;
/** A time, a space and a line feed. */
const AROUND_LINE_BYTES = PREFIX_BYTES + 1;
/** The longest character. */
const CHARACTER_BYTES = 4;
const EMPTY = Buffer.alloc(0);

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
 * into texts. Whole lines are judged a text at a time: only where a match, a time or the size of an output needs it is
 * the end of a single line looked for. Of a partial line, as much is kept as is looked at; then it is decided, and the
 * rest of it is sent or dropped as it comes, however long it is.
 */
export class LineFilter implements LineFilterResume {
  readonly #options: LineFilterOptions;
  readonly #year: number;
  readonly #lineBytes: number;
  readonly #output: OutputBuffer;
  /** Lines that may be context of a match to come. */
  readonly #held: ContextLines;
  /** Lines up to this one are skipped: a filter before this one was done with them. */
  readonly #doneBefore: number;

  /** The number of the line that comes next, or is partial. */
  #line: number;
  /** How many bytes of it have come, how many of those were sent, and what was decided on it. */
  #within: number;
  #part: number;
  #going: GoingLine | undefined;
  /** What is kept of it while it is not decided, in a buffer that may be longer, and the times that the source told of it. */
  #kept = EMPTY;
  #keptBytes = 0;
  #keptTimes: LineTimes | undefined;
  /** Bytes that an earlier filter sent of the first line that is sent. */
  #leaveOut: number;
  /** How many lines are still context of the last match. */
  #contextLeft: number;
  /** The time in effect before the line. */
  #time: string | undefined;
  /** The times that the source tells of the text. */
  #textTimes: LineTimes | undefined;
  #untilReached = false;
  #cutLines = 0;

  constructor(options: LineFilterOptions, start: LineFilterStart) {
    const { grep } = options;
    this.#options = options;
    this.#year = options.year ?? new Date().getUTCFullYear();
    this.#lineBytes = Math.min(options.lineBytes ?? LINE_BYTES, LINE_BYTES, grep?.matches.lineBytes ?? LINE_BYTES);
    const outputBytes = Math.min(options.outputBytes ?? OUTPUT_BYTES, OUTPUT_BYTES);
    this.#output = new OutputBuffer(Math.max(this.#lineBytes + AROUND_LINE_BYTES, outputBytes));
    this.#held = new ContextLines(grep?.before ?? 0);
    this.#doneBefore = start.done ?? start.line - 1;
    this.#line = start.line;
    this.#within = start.within ?? 0;
    this.#part = start.part ?? 0;
    this.#going = start.line > this.#doneBefore ? start.going : undefined;
    this.#leaveOut = this.#going === undefined ? this.#part : Math.max(0, this.#part - this.#within);
    this.#contextLeft = start.context ?? 0;
    this.#time = start.time;
  }

  get done(): number {
    return this.#resume().done;
  }
  get part(): number {
    return this.#resume().part;
  }
  get context(): number {
    return this.#resume().context;
  }
  get time(): string | undefined {
    return this.#resume().time;
  }
  /**
   * Where the next text begins. Kept for each text, it tells by `reachesBack` whether a resumed filter can begin with it.
   * Says nothing once `until` was reached.
   */
  get nextStart(): TextStart {
    return { line: this.#line, within: this.#within, going: this.#going };
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
  *push(text: TimedText): Generator<undefined, readonly FilteredText[], undefined> {
    if (this.#untilReached) return [];
    this.#textTimes = text.times;
    const bytes = Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.length);
    const matcher = this.#options.grep?.matches;
    for (let at = this.#skipDone(bytes); at < bytes.length && !this.#untilReached; ) {
      if (this.#going !== undefined) at = this.#passOn(bytes, at, this.#going);
      else if (this.#keptBytes > 0) at = yield* this.#fill(bytes, at);
      else {
        const end = endOfWholeLines(bytes, at, this.#lineBytes);
        if (end > at) yield* this.#judge(bytes, at, end, text.times);
        at = end > at ? end : this.#begin(bytes, at);
      }
      for (; matcher?.needsYield; matcher.yielded()) yield;
    }
    return this.#takeOutputs();
  }

  /** The log is at its end: the last line may lack its line feed. */
  end(): readonly FilteredText[] {
    if (this.#keptBytes > 0 && !this.#untilReached) this.#decideKept();
    return this.#takeOutputs();
  }

  /** Where a filter resumes behind what was gathered. */
  readonly #resume = (): LineFilterResume => {
    const held = this.#held.first;
    return held === undefined
      ? {
          done: Math.max(this.#doneBefore, this.#line - 1),
          part: this.#part,
          context: this.#contextLeft,
          time: this.#time,
        }
      : { done: held.number - 1, part: 0, context: 0, time: held.timeBefore };
  };

  #takeOutputs(): readonly FilteredText[] {
    if (this.#untilReached) this.#held.clear();
    this.#held.own();
    this.#output.flush(this.#resume);
    return this.#output.take();
  }

  get #isBounded(): boolean {
    return this.#options.since !== undefined || this.#options.until !== undefined;
  }

  #isUntil(time: string | undefined): boolean {
    const { until } = this.#options;
    return until !== undefined && time !== undefined && time >= until;
  }

  #isBefore(time: string | undefined): boolean {
    const { since } = this.#options;
    return since !== undefined && (time === undefined || time < since);
  }

  /** Skips lines that an earlier filter was done with. Returns where the others begin. */
  #skipDone(bytes: Buffer): number {
    let at = 0;
    while (this.#line <= this.#doneBefore && at < bytes.length) {
      const feed = bytes.indexOf(LINE_FEED, at);
      this.#within = feed === -1 ? this.#within + bytes.length - at : 0;
      if (feed !== -1) this.#line += 1;
      at = feed === -1 ? bytes.length : feed + 1;
    }
    return at;
  }

  // Whole lines: each of these deals with all lines between two offsets of a block, in order.

  /** Sends those that are asked for. */
  *#judge(bytes: Buffer, from: number, to: number, told: LineTimes | undefined): Generator<undefined> {
    const timed = told !== undefined;
    if (!this.#isBounded) {
      yield* this.#choose({ bytes, times: this.#options.timestamps ? told : undefined, timed }, from, to);
      return;
    }
    const times = told ?? findTimes(bytes, from, to, this.#year);
    const block = { bytes, times, timed };
    const { starts } = times;
    let begin = from;
    let isWanted = false;
    let time = this.#time;
    for (let at = from, index = entryAt(times, from); at < to; ) {
      if (starts[index] === at) {
        time = times.times[index];
        index += 1;
      }
      this.#untilReached = this.#isUntil(time);
      if (this.#untilReached || this.#isBefore(time) === isWanted) {
        yield* this.#chooseOrSkip(block, begin, at, isWanted);
        if (this.#untilReached) return;
        begin = at;
        isWanted = !isWanted;
      }
      at = Math.min(starts[index] ?? to, to);
    }
    yield* this.#chooseOrSkip(block, begin, to, isWanted);
  }

  *#chooseOrSkip(block: Block, begin: number, end: number, isWanted: boolean): Generator<undefined> {
    if (begin === end) return;
    if (isWanted) yield* this.#choose(block, begin, end);
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
    const deal = (begin: number, end: number, isHit: boolean): void => {
      if (begin === end) return;
      if (isHit === invert) this.#pass(block, begin, end);
      else this.#match(block, begin, end);
    };
    /** From here on, lines are alike up to `at`. */
    let begin = from;
    let areHits = false;
    for (let at = from; at < to; ) {
      for (; matcher.needsYield; matcher.yielded()) yield;
      const found = search.next(at - from);
      const hit = from + found;
      const reach = found < 0 ? from + ~found : hit > at ? Math.max(at, lineStart(bytes, hit)) : at;
      const next = hit >= to ? to : reach;
      if (next > at && areHits) {
        deal(begin, at, true);
        begin = at;
        areHits = false;
      }
      at = next;
      if (found < 0 || at === to) continue;
      if (!areHits) {
        deal(begin, at, false);
        begin = at;
        areHits = true;
      }
      at = bytes.indexOf(LINE_FEED, hit) + 1;
    }
    deal(begin, to, areHits);
  }

  /** Sends lines that match, and before them those that are held. */
  #match(block: Block, begin: number, end: number): void {
    this.#sendHeld();
    this.#send(block, begin, end, countLineFeeds(block.bytes.subarray(begin, end)), false);
  }

  /** Passes over lines that do not match: the first may be context of the last match, the last of the next one. */
  #pass(block: Block, begin: number, end: number): void {
    const { bytes } = block;
    let at = begin;
    let count = countLineFeeds(bytes.subarray(begin, end));
    const after = Math.min(this.#contextLeft, count);
    if (after > 0) {
      for (let left = after; left > 0; left -= 1) at = bytes.indexOf(LINE_FEED, at) + 1;
      this.#send(block, begin, at, after, true);
      count -= after;
    }
    const before = Math.min(this.#options.grep?.before ?? 0, count);
    const starts: number[] = [];
    for (let start = end; starts.length < before; starts.push(start)) start = Math.max(at, lineStart(bytes, start - 1));
    for (let index = before - 1; index >= 0; index -= 1) {
      const start = starts[index] ?? end;
      const stop = starts[index - 1] ?? end;
      this.#held.add({
        number: this.#line + count - 1 - index,
        bytes: bytes.subarray(start, stop),
        prefix: this.#prefixOf(this.#timeBefore(block, stop), block.timed),
        timeBefore: this.#timeBefore(block, start),
      });
    }
    this.#advance(block, end, count);
  }

  /** Sends the lines that are held: a match has come. */
  #sendHeld(): void {
    for (let held = this.#held.first; held !== undefined; held = this.#held.first) {
      // It goes out before it is removed: an output that ends before it has to begin with it again.
      if (held.bytes !== undefined) this.#sendLine(held.bytes, held.number, held.prefix, true);
      this.#held.take();
    }
  }

  /** Sends lines, as many as fit into each output. */
  #send(block: Block, begin: number, end: number, count: number, context: boolean): void {
    const { bytes } = block;
    for (let at = begin, left = count; left > 0; ) {
      let next = end;
      let sent = left;
      if (this.#leaveOut > 0 || (this.#options.timestamps && block.timed)) {
        next = bytes.indexOf(LINE_FEED, at) + 1;
        sent = 1;
        const prefix = this.#prefixOf(this.#timeBefore(block, next), block.timed);
        this.#sendLine(bytes.subarray(at, next), this.#line, prefix, context);
      } else {
        if (end - at > this.#output.room) {
          this.#makeRoom(bytes.indexOf(LINE_FEED, at) + 1 - at);
          if (end - at > this.#output.room) {
            next = lineStart(bytes, at + this.#output.room);
            sent = countLineFeeds(bytes.subarray(at, next));
          }
        }
        this.#output.add(bytes.subarray(at, next), this.#line, sent, context);
      }
      this.#contextLeft = context ? this.#contextLeft - sent : (this.#options.grep?.after ?? 0);
      this.#advance(block, next, sent);
      at = next;
      left -= sent;
    }
  }

  /** Moves on behind lines that were dealt with. */
  #advance(block: Block, end: number, count: number): void {
    this.#line += count;
    this.#within = 0;
    this.#part = 0;
    this.#time = this.#timeBefore(block, end);
  }

  /** The time in effect before the line that begins at an offset, which is not before the line that comes next. */
  #timeBefore({ times }: Block, at: number): string | undefined {
    if (times === undefined) return this.#time;
    // Nothing that stands before the offset and was told earlier than the present time can be in effect.
    return times.times[entryAt(times, at) - 1] ?? this.#time;
  }

  /** What stands before a line. */
  #prefixOf(time: string | undefined, timed: boolean): string | undefined {
    return this.#options.timestamps && timed ? time : undefined;
  }

  /** Sends a line, but for what of it was sent before. */
  #sendLine(bytes: Uint8Array, number: number, prefix: string | undefined, context: boolean): void {
    const rest = bytes.subarray(Math.min(this.#leaveOut, bytes.length));
    const isWhole = this.#leaveOut === 0;
    this.#leaveOut = 0;
    this.#makeRoom(rest.length + (isWhole && prefix !== undefined ? PREFIX_BYTES : 0));
    if (isWhole && prefix !== undefined) this.#output.addPrefix(prefixBytes(prefix));
    if (rest.length > 0) this.#output.add(rest, number, 1, context);
  }

  /** Completes the output that is being gathered where so much does not fit into it. */
  #makeRoom(bytes: number): void {
    if (bytes > this.#output.room) this.#output.flush(this.#resume);
  }

  // The partial line.

  /** Begins with a line that is too long to be looked at whole, or does not end in the text. Returns where to resume. */
  #begin(bytes: Buffer, from: number): number {
    const told = this.#textTimes;
    this.#keptTimes = told && timesOfLine(told, from);
    const head = bytes.subarray(from, from + this.#lineBytes + 1);
    const atOnce = this.#options.grep === undefined && (told !== undefined || !this.#isBounded);
    if (!atOnce && head.length <= this.#lineBytes) {
      this.#keep(head);
      return bytes.length;
    }
    if (this.#decide(head.subarray(0, cutLength(head, this.#lineBytes))) === undefined) return bytes.length;
    if (!atOnce) this.#cutLines += 1;
    return from;
  }

  /** Adds to what is kept of the line. Returns where to resume. */
  *#fill(bytes: Buffer, from: number): Generator<undefined, number> {
    const more = bytes.subarray(from, from + this.#lineBytes + 1 - this.#keptBytes);
    const feed = more.indexOf(LINE_FEED);
    this.#keep(feed === -1 ? more : more.subarray(0, feed + 1));
    if (feed !== -1) {
      const line = this.#takeKept();
      yield* this.#judge(line, 0, line.length, this.#keptTimes);
      return from + feed + 1;
    }
    if (this.#keptBytes > this.#lineBytes) {
      if (!this.#decideKept()) return bytes.length;
      this.#cutLines += 1;
    }
    return from + more.length;
  }

  #keep(bytes: Buffer): void {
    const length = this.#keptBytes + bytes.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, 2 * length));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = length;
    this.#within = length;
  }

  #takeKept(): Buffer {
    const taken = this.#kept.subarray(0, this.#keptBytes);
    // What was kept is sent as it is, so the next line gets another buffer.
    this.#kept = EMPTY;
    this.#keptBytes = 0;
    this.#within = 0;
    return taken;
  }

  /** Decides the line by what is kept of it. Returns whether the log goes on. */
  #decideKept(): boolean {
    const head = this.#takeKept();
    const decided = this.#decide(head.subarray(0, cutLength(head, this.#lineBytes)));
    if (decided !== undefined) this.#passOn(head, 0, decided);
    return decided !== undefined;
  }

  /** Decides the line by the part of it that is looked at. `undefined` where it ends all. */
  #decide(head: Buffer): GoingLine | undefined {
    const told = this.#keptTimes;
    const found =
      told !== undefined || !this.#isBounded ? told?.times[0] : findLineTime(head, 0, head.length, this.#year);
    const time = found ?? this.#time;
    this.#untilReached = this.#isUntil(time);
    this.#going = this.#untilReached ? undefined : { kind: this.#kindOf(head, time), time };
    return this.#going;
  }

  #kindOf(head: Buffer, time: string | undefined): GoingLine["kind"] {
    const { grep } = this.#options;
    if (this.#isBefore(time)) return "dropped";
    if (grep === undefined) return "match";
    if (grep.matches.search(head).next(0) < head.length !== grep.invert) {
      this.#sendHeld();
      return "match";
    }
    if (this.#contextLeft > 0) return "context";
    this.#held.add({ number: this.#line, bytes: undefined, prefix: undefined, timeBefore: this.#time });
    return "dropped";
  }

  /** Sends or drops the next part of a line that is decided. Returns where to resume. */
  #passOn(bytes: Buffer, from: number, { kind, time }: GoingLine): number {
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (kind === "dropped") this.#within += end - from;
    else this.#sendPart(bytes.subarray(from, end), time, kind === "context");
    if (feed === -1) return end;
    if (kind === "match") this.#contextLeft = this.#options.grep?.after ?? 0;
    if (kind === "context") this.#contextLeft -= 1;
    if (this.#isBounded || this.#options.timestamps) this.#time = time;
    this.#line += 1;
    this.#within = 0;
    this.#part = 0;
    this.#going = undefined;
    return end;
  }

  /** Sends a part of the line, but for what was sent before, cut between characters. */
  #sendPart(bytes: Buffer, time: string | undefined, context: boolean): void {
    const prefix = this.#within === 0 ? this.#prefixOf(time, this.#keptTimes !== undefined) : undefined;
    const left = Math.min(this.#leaveOut, bytes.length);
    this.#leaveOut -= left;
    this.#within += left;
    for (let at = left; at < bytes.length; ) {
      const isPrefixed = this.#within === 0 && prefix !== undefined;
      this.#makeRoom((isPrefixed ? PREFIX_BYTES : 0) + CHARACTER_BYTES);
      if (isPrefixed) this.#output.addPrefix(prefixBytes(prefix));
      const piece = bytes.subarray(at, at + cutLength(bytes.subarray(at), this.#output.room));
      this.#output.add(piece, this.#line, 1, context);
      at += piece.length;
      this.#within += piece.length;
      this.#part = this.#within;
    }
  }
}

function prefixBytes(time: string): Buffer {
  return Buffer.from(`${time} `, "latin1");
}

/** Where the line begins that a byte lies in, or that an offset is the end of the line before of. */
function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, at - 1) + 1;
}

/** Where the whole lines end that begin at `from`, up to the first one that has more than `maxBytes` before its line feed. */
function endOfWholeLines(bytes: Buffer, from: number, maxBytes: number): number {
  let at = from;
  while (at < bytes.length) {
    const last = bytes.lastIndexOf(LINE_FEED, Math.min(at + maxBytes, bytes.length - 1));
    if (last < at) break;
    at = last + 1;
  }
  return at;
}

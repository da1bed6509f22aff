import { cutLength } from "./characters.ts";
import { createContextWindow } from "./context-window.ts";
import { createTextGatherer, type FilteredText, type LineFilterResume } from "./filtered-text.ts";
import { createGiantLine } from "./giant-line.ts";
import { findLineEnds, lineEnds } from "./line-ends.ts";
import type { LineMatcher } from "./line-matcher.ts";
import { findLineTime } from "./line-time.ts";
import type { GoingLine, TextStart } from "./text-start.ts";

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
  const { grep, since, until, timestamps } = options;
  const lineBytes = Math.min(options.lineBytes ?? LINE_BYTES, LINE_BYTES, grep?.matches.lineBytes ?? LINE_BYTES);
  const turnBytes = grep?.matches.turnBytes ?? Number.POSITIVE_INFINITY;
  const year = options.year ?? new Date().getUTCFullYear();
  const bounded = since !== undefined || until !== undefined;
  const usesTimes = bounded || timestamps;
  const gatherer = createTextGatherer(
    Math.max(lineBytes + AROUND_LINE_BYTES, Math.min(options.outputBytes ?? OUTPUT_BYTES, OUTPUT_BYTES)),
  );
  const window = createContextWindow(grep?.before ?? 0);

  /** Lines up to this one are passed over. */
  const passOver = start.done ?? start.line - 1;
  let line = start.line;
  /** The last line that was dealt with, apart from those that the window holds. */
  let dealtWith = passOver;
  let contextLeft = start.context ?? 0;
  let time = start.time;
  let untilReached = false;
  let cutLines = 0;
  /** The beginning of a line that is not decided. */
  let carry = Buffer.alloc(0);
  let carried = 0;
  let carryTimed = false;
  let carryTime: string | undefined;
  /** The times of the lines of a block, and which of the text's times is next. */
  let blockTimes: (string | undefined)[] = [];
  let times: readonly LineTime[] | undefined;
  let nextTime = 0;

  const resume = (): LineFilterResume => {
    const held = window.first;
    return held === undefined
      ? { done: dealtWith, part: giant.part, context: contextLeft, time }
      : { done: held.number - 1, part: 0, context: 0, time: held.timeBefore };
  };
  const { within = 0, part = 0 } = start;
  const giant = createGiantLine({ going: line > passOver ? start.going : undefined, within, part }, gatherer, resume);

  /** The source's time of the line that begins at this place in the text. */
  const sourceTime = (at: number): string | undefined => {
    if (times === undefined) return undefined;
    while ((times[nextTime]?.at ?? at) < at) nextTime += 1;
    const entry = times[nextTime];
    return entry?.at === at ? entry.time : undefined;
  };
  const timeOf = (bytes: Buffer, from: number, to: number, timed: boolean, own: string | undefined) =>
    (timed || !bounded ? own : findLineTime(bytes, from, to, year)) ?? time;

  /** What stands before a line. Times that were found in lines are not put there once more. */
  const prefixOf = (lineTime: string | undefined, timed: boolean): Buffer | undefined =>
    timestamps && timed && lineTime !== undefined ? Buffer.from(`${lineTime} `) : undefined;
  /** Ends the output that is being gathered where so much does not fit. */
  const makeRoom = (bytes: number): void => {
    if (bytes > gatherer.room) gatherer.flush(resume);
  };

  const addLine = (bytes: Uint8Array, number: number, context: boolean, prefix: Uint8Array | undefined): void => {
    if (giant.leaveOut > 0) {
      const rest = bytes.subarray(Math.min(giant.leaveOut, bytes.length));
      giant.leaveOut = 0;
      makeRoom(rest.length);
      if (rest.length > 0) gatherer.add(rest, number, 1, context);
      return;
    }
    makeRoom(bytes.length + (prefix?.length ?? 0));
    if (prefix !== undefined) gatherer.addPrefix(prefix);
    gatherer.add(bytes, number, 1, context);
  };

  const sendHeld = (): void => {
    for (let held = window.first; held !== undefined; held = window.first) {
      if (held.bytes === undefined) window.take();
      else {
        addLine(held.bytes, held.number, true, held.prefix);
        window.take();
      }
    }
  };

  // A block: whole lines of `bytes` from `from` on, of which the ends are in `lineEnds`; `line` is the number of the first.

  const judgeBlock = (bytes: Buffer, from: number, count: number, timed: boolean, own?: string): void => {
    const first = line;
    const timeAtStart = time;
    const startOf = (index: number): number => (index === 0 ? from : (lineEnds[index - 1] ?? from));
    const timeBefore = (index: number): string | undefined =>
      !usesTimes || index === 0 ? timeAtStart : blockTimes[index - 1];
    /** All lines before this one are dealt with. */
    const settle = (index: number): void => {
      dealtWith = first + index - 1;
      time = timeBefore(index);
      giant.part = 0;
    };

    const send = (begin: number, stop: number, context: boolean): void => {
      for (let index = begin; index < stop; ) {
        settle(index);
        let next = index + 1;
        if (timestamps || giant.leaveOut > 0) {
          const prefix = prefixOf(timeBefore(next), timed);
          addLine(bytes.subarray(startOf(index), startOf(next)), first + index, context, prefix);
        } else {
          makeRoom(startOf(next) - startOf(index));
          const last = startOf(index) + gatherer.room;
          if (startOf(stop) <= last) next = stop;
          else while (startOf(next + 1) <= last) next += 1;
          gatherer.add(bytes.subarray(startOf(index), startOf(next)), first + index, next - index, context);
        }
        contextLeft = context ? contextLeft - (next - index) : (grep?.after ?? 0);
        index = next;
        settle(index);
      }
    };
    const match = (begin: number, stop: number): void => {
      if (begin === stop) return;
      settle(begin);
      sendHeld();
      send(begin, stop, false);
    };
    const pass = (begin: number, stop: number): void => {
      if (begin === stop) return;
      const held = begin + Math.min(contextLeft, stop - begin);
      send(begin, held, true);
      for (let index = Math.max(held, stop - (grep?.before ?? 0)); index < stop; index += 1) {
        window.add({
          number: first + index,
          bytes: bytes.subarray(startOf(index), startOf(index + 1)),
          prefix: prefixOf(timeBefore(index + 1), timed),
          timeBefore: timeBefore(index),
        });
      }
      settle(stop);
    };
    /** Lines that are not left out for their time. */
    const choose = (begin: number, stop: number): void => {
      if (grep === undefined) {
        match(begin, stop);
        return;
      }
      const [hit, miss] = grep.invert ? [pass, match] : [match, pass];
      const offset = startOf(begin);
      const hits = grep.matches.over(bytes.subarray(offset, startOf(stop)));
      // Hits that follow one another go on together.
      let hitsFrom = begin;
      for (let index = begin; index < stop; ) {
        const place = offset + hits.next(startOf(index) - offset);
        let found = index;
        while (found < stop && startOf(found + 1) <= place) found += 1;
        if (found > index) {
          hit(hitsFrom, index);
          miss(index, found);
          hitsFrom = found;
        }
        index = Math.min(found + 1, stop);
      }
      hit(hitsFrom, stop);
    };

    let stop = count;
    if (!usesTimes) choose(0, count);
    else {
      blockTimes = [];
      let begin = 0;
      let latest = time;
      for (let index = 0; index < count; index += 1) {
        const ownTime = own ?? sourceTime(startOf(index));
        const lineTime =
          (timed || !bounded ? ownTime : findLineTime(bytes, startOf(index), startOf(index + 1) - 1, year)) ?? latest;
        if (until !== undefined && lineTime !== undefined && lineTime >= until) {
          untilReached = true;
          stop = index;
          break;
        }
        latest = lineTime;
        blockTimes.push(lineTime);
        if (since === undefined || (lineTime !== undefined && lineTime >= since)) continue;
        choose(begin, index);
        begin = index + 1;
        settle(begin);
      }
      if (begin < stop) choose(begin, stop);
    }
    settle(stop);
    line = first + stop;
    giant.within = 0;
  };

  // A line that is decided by its beginning, or at once.

  /** Decides on a line; `head` is what is looked at of it. False where it ends all. */
  const judgeHead = (head: Buffer, timed: boolean, own: string | undefined): boolean => {
    const lineTime = timeOf(head, 0, head.length, timed, own);
    if (until !== undefined && lineTime !== undefined && lineTime >= until) {
      untilReached = true;
      return false;
    }
    giant.going = { kind: kindOf(head, lineTime), time: lineTime };
    return true;
  };
  const kindOf = (head: Buffer, lineTime: string | undefined): GoingLine["kind"] => {
    if (since !== undefined && (lineTime === undefined || lineTime < since)) return "dropped";
    if (grep === undefined) return "match";
    if (grep.matches.over(head).next(0) < head.length !== grep.invert) {
      sendHeld();
      return "match";
    }
    if (contextLeft > 0) return "context";
    window.add({ number: line, bytes: undefined, prefix: undefined, timeBefore: time });
    return "dropped";
  };

  /** Passes on or drops what comes of the line that goes on, which may be its end. */
  const goOn = (bytes: Buffer, from: number, decided: GoingLine): number => {
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    const prefix = giant.within === 0 ? prefixOf(decided.time, carryTimed) : undefined;
    giant.pass(bytes.subarray(from, end), decided, line, prefix);
    if (feed === -1) return end;
    if (decided.kind === "match") contextLeft = grep?.after ?? 0;
    if (decided.kind === "context") contextLeft -= 1;
    dealtWith = line;
    time = usesTimes ? decided.time : time;
    line += 1;
    giant.end();
    return end;
  };
  /** Keeps the beginning of a line until the rest of it comes. */
  const keep = (bytes: Buffer): void => {
    if (carried + bytes.length > carry.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, 2 * (carried + bytes.length)));
      carry.copy(larger, 0, 0, carried);
      carry = larger;
    }
    carry.set(bytes, carried);
    carried += bytes.length;
    giant.within = carried;
  };

  /** Begins the line that begins at `from`, which is too long or does not end in this text. */
  const beginLine = (bytes: Buffer, from: number): number => {
    carryTimed = times !== undefined;
    carryTime = sourceTime(from);
    const head = bytes.subarray(from, from + lineBytes + 1);
    const atOnce = grep === undefined && (carryTimed || !bounded);
    if (atOnce || head.length > lineBytes) {
      const looked = head.subarray(0, cutLength(head, lineBytes));
      if (!judgeHead(looked, carryTimed, carryTime)) return bytes.length;
      if (!atOnce) cutLines += 1;
      return from;
    }
    keep(head);
    return bytes.length;
  };

  /** Goes on with the line whose beginning is kept. */
  const fillLine = (bytes: Buffer, from: number): number => {
    const more = bytes.subarray(from, from + lineBytes + 1 - carried);
    const feed = more.indexOf(LINE_FEED);
    if (feed !== -1) {
      keep(more.subarray(0, feed + 1));
      lineEnds[0] = carried;
      const whole = takeCarry();
      judgeBlock(whole, 0, 1, carryTimed, carryTime);
      return from + feed + 1;
    }
    keep(more);
    if (carried > lineBytes) {
      const head = takeCarry();
      if (!judgeHead(head.subarray(0, cutLength(head, lineBytes)), carryTimed, carryTime)) return bytes.length;
      cutLines += 1;
      giant.within = 0;
      if (giant.going !== undefined) goOn(head, 0, giant.going);
    }
    return from + more.length;
  };
  const takeCarry = (): Buffer => {
    const taken = carry.subarray(0, carried);
    // What was kept goes out as it is, so the next line gets another buffer.
    carry = Buffer.alloc(0);
    carried = 0;
    return taken;
  };

  const follow = function* (bytes: Buffer): Generator<undefined, void, undefined> {
    let at = 0;
    let turnAt = turnBytes + (grep?.matches.matchedBytes ?? 0);
    while (line <= passOver && at < bytes.length) {
      const feed = bytes.indexOf(LINE_FEED, at);
      giant.within = feed === -1 ? giant.within + bytes.length - at : 0;
      if (feed !== -1) line += 1;
      at = feed === -1 ? bytes.length : feed + 1;
    }
    while (at < bytes.length && !untilReached) {
      if (giant.going !== undefined) at = goOn(bytes, at, giant.going);
      else if (carried > 0) at = fillLine(bytes, at);
      else {
        const count = findLineEnds(bytes, at, lineBytes, turnBytes);
        if (count === 0) at = beginLine(bytes, at);
        else {
          const end = lineEnds[count - 1] ?? bytes.length;
          judgeBlock(bytes, at, count, times !== undefined);
          at = end;
        }
      }
      // After a long line, others get as many turns as they would have had between short ones.
      for (; grep !== undefined && grep.matches.matchedBytes >= turnAt; turnAt += turnBytes) yield;
    }
  };

  const hand = (): readonly FilteredText[] => {
    if (untilReached) window.clear();
    window.own();
    gatherer.flush(resume);
    return gatherer.take();
  };

  return {
    *push(text) {
      if (untilReached) return [];
      times = text.times;
      nextTime = 0;
      yield* follow(Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.length));
      return hand();
    },
    end() {
      if (carried > 0 && !untilReached) {
        const rest = takeCarry();
        giant.within = 0;
        if (judgeHead(rest, carryTimed, carryTime) && giant.going !== undefined) goOn(rest, 0, giant.going);
      }
      return hand();
    },
    get needFrom() {
      return resume().done + 1;
    },
    get nextStart() {
      return { line, within: giant.within, going: giant.going };
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
      return untilReached;
    },
    get cutLines() {
      return cutLines;
    },
  };
}

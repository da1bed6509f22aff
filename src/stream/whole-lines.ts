import { LINE_FEED } from "./characters.ts";
import { countLineFeeds } from "./count.ts";
import type { FilterState } from "./filter-state.ts";
import { entryAt, findTimes, type LineTimes } from "./line-times.ts";

/** A text, or a line that was assembled from several, whose lines are filtered. */
interface Block {
  readonly bytes: Buffer;
  /** The times of its lines. Absent if the filter needs none. */
  readonly times: LineTimes | undefined;
  /** Whether to put them before lines. */
  readonly prefixed: boolean;
}

/** Filters whole lines, a block at a time. Each method handles all lines between two offsets of a block, in order. */
export class WholeLines {
  readonly #state: FilterState;

  constructor(state: FilterState) {
    this.#state = state;
  }

  /**
   * Sends the lines that are asked for. Yields where the matcher needs it.
   *
   * @param times from the source, if it has any.
   */
  *filter(bytes: Buffer, from: number, to: number, times: LineTimes | undefined): Generator<undefined> {
    const { range, options, times: reader } = this.#state;
    const prefixed = times !== undefined && options.timestamps;
    if (range.isOpen) yield* this.#filterByPattern({ bytes, times: prefixed ? times : undefined, prefixed }, from, to);
    else yield* this.#filterByTime({ bytes, times: times ?? findTimes(bytes, from, to, reader), prefixed }, from, to);
  }

  *#filterByTime(block: Block & { readonly times: LineTimes }, from: number, to: number): Generator<undefined> {
    const state = this.#state;
    const { starts, times } = block.times;
    /** The lines from here to `at` are either all wanted or all unwanted. */
    let begin = from;
    let areWanted = false;
    let { time } = state;
    for (let at = from, index = entryAt(block.times, from); at < to; at = Math.min(starts[index] ?? to, to)) {
      if (starts[index] === at) {
        time = times[index];
        index += 1;
      }
      const isOver = state.range.isOver(time);
      if (!isOver && state.range.isEarly(time) !== areWanted) continue;
      yield* this.#filterOrSkip(block, begin, at, areWanted);
      state.untilReached = isOver;
      if (isOver) return;
      begin = at;
      areWanted = !areWanted;
    }
    yield* this.#filterOrSkip(block, begin, to, areWanted);
  }

  *#filterOrSkip(block: Block, begin: number, end: number, areWanted: boolean): Generator<undefined> {
    if (begin === end) return;
    if (areWanted) yield* this.#filterByPattern(block, begin, end);
    else this.#advance(block, end, countLineFeeds(block.bytes.subarray(begin, end)));
  }

  *#filterByPattern(block: Block, from: number, to: number): Generator<undefined> {
    const { grep } = this.#state.options;
    if (grep === undefined) {
      this.#sendMatches(block, from, to, countLineFeeds(block.bytes.subarray(from, to)));
      return;
    }
    const { bytes } = block;
    const { matches: matcher, invert } = grep;
    const search = matcher.search(bytes.subarray(from, to));
    /** The lines from here to `at` are either all hits or none of them is. */
    let begin = from;
    let areHits = false;
    const flush = (end: number): void => {
      const isWhole = begin === from && end === to;
      const count = (isWhole ? search.feeds : undefined) ?? countLineFeeds(bytes.subarray(begin, end));
      if (begin < end && areHits !== invert) this.#sendMatches(block, begin, end, count);
      else if (begin < end) this.#passOver(block, begin, end, count);
      begin = end;
      areHits = !areHits;
    };
    for (let at = from; at < to; ) {
      for (; matcher.needsYield; matcher.yielded()) yield;
      const found = search.next(at - from);
      const hit = from + found;
      // No line before this one matches.
      const next = found < 0 ? from + ~found : hit >= to ? to : hit > at ? Math.max(at, lineStart(bytes, hit)) : at;
      if (next > at && areHits) flush(at);
      at = next;
      if (found < 0 || at === to) continue;
      if (!areHits) flush(at);
      at = bytes.indexOf(LINE_FEED, hit) + 1;
    }
    flush(to);
  }

  /** Sends matches, and the context before them. */
  #sendMatches(block: Block, begin: number, end: number, count: number): void {
    this.#state.sendHeld();
    this.#send(block, begin, end, count, false);
  }

  /** Passes over lines that do not match: the first may be context of the last match, the last of the next one. */
  #passOver(block: Block, begin: number, end: number, lines: number): void {
    const state = this.#state;
    const { bytes, prefixed } = block;
    let at = begin;
    let count = lines;
    const after = Math.min(state.contextLeft, count);
    for (let left = after; left > 0; left -= 1) at = bytes.indexOf(LINE_FEED, at) + 1;
    this.#send(block, begin, at, after, true);
    count -= after;
    const before = Math.min(state.options.grep?.before ?? 0, count);
    const starts: number[] = [];
    for (let start = end; starts.length < before; starts.push(start)) start = Math.max(at, lineStart(bytes, start - 1));
    for (let index = before - 1; index >= 0; index -= 1) {
      const start = starts[index] ?? end;
      const stop = starts[index - 1] ?? end;
      state.held.add({
        number: state.line + count - 1 - index,
        bytes: bytes.subarray(start, stop),
        prefix: prefixed ? this.#timeBefore(block, stop) : undefined,
        timeBefore: this.#timeBefore(block, start),
      });
    }
    this.#advance(block, end, count);
  }

  #send(block: Block, begin: number, end: number, count: number, context: boolean): void {
    const state = this.#state;
    const { bytes, prefixed } = block;
    for (let at = begin, left = count; left > 0; ) {
      const lines = { number: state.line, count: left, context };
      const next = state.output.addLines(bytes, at, end, lines, prefixed ? block.times : undefined, state.time);
      const sent = next === end ? left : countLineFeeds(bytes.subarray(at, next));
      state.contextLeft = context ? state.contextLeft - sent : (state.options.grep?.after ?? 0);
      this.#advance(block, next, sent);
      at = next;
      left -= sent;
    }
  }

  #advance(block: Block, end: number, count: number): void {
    if (count === 0) return;
    this.#state.time = this.#timeBefore(block, end);
    this.#state.advance(count);
  }

  /** The time in effect before the line that begins at an offset, which is not before the state's line. */
  #timeBefore({ times }: Block, at: number): string | undefined {
    // Without an entry before the offset, the time has not changed in this block.
    return times?.times[entryAt(times, at) - 1] ?? this.#state.time;
  }
}

/** Where the line of a byte begins; for the byte at the end of a line, where the next line begins. */
function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, at - 1) + 1;
}

/** Where the whole lines from `from` on end, up to the first that has more than `maxBytes` before its line feed. */
export function endOfWholeLines(bytes: Buffer, from: number, maxBytes: number): number {
  let at = from;
  while (at < bytes.length) {
    const last = bytes.lastIndexOf(LINE_FEED, Math.min(at + maxBytes, bytes.length - 1));
    if (last < at) break;
    at = last + 1;
  }
  return at;
}

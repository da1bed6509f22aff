import { cutLength, LINE_FEED } from "./characters.ts";
import type { FilterState } from "./filter-state.ts";
import type { LineDecision } from "./line-filter-types.ts";
import { findLineTime, type LineTimes, timesOfLine } from "./line-times.ts";
import type { WholeLines } from "./whole-lines.ts";

const EMPTY = Buffer.alloc(0);

/**
 * A line whose end has not arrived, or that is too long to search whole. As much of it as is searched is kept until it
 * is decided; the rest is sent or dropped as it arrives. Methods that take a text return where to continue in it.
 */
export class PartialLine {
  readonly #state: FilterState;
  readonly #wholeLines: WholeLines;
  /** Its time from the source. */
  #times: LineTimes | undefined;
  /** What is kept, at the beginning of a buffer that may be longer. */
  #kept = EMPTY;
  #keptBytes = 0;

  constructor(state: FilterState, wholeLines: WholeLines) {
    this.#state = state;
    this.#wholeLines = wholeLines;
  }

  /** Whether a beginning is kept that has to be decided. */
  get isUndecided(): boolean {
    return this.#keptBytes > 0;
  }

  /** @param times from the source, if it has any. */
  begin(bytes: Buffer, from: number, times: LineTimes | undefined): number {
    const { options, range, lineBytes } = this.#state;
    this.#times = times && timesOfLine(times, from);
    const head = bytes.subarray(from, from + lineBytes + 1);
    const atOnce = options.grep === undefined && (times !== undefined || range.isOpen);
    if (!atOnce && head.length <= lineBytes) {
      this.#keep(head);
      return bytes.length;
    }
    if (this.#decide(head) === undefined) return bytes.length;
    if (!atOnce) this.#state.cutLines += 1;
    return from;
  }

  /** Adds to what is kept of the line, and decides it at its end or when enough has arrived. */
  *fill(bytes: Buffer, from: number): Generator<undefined, number> {
    const { lineBytes } = this.#state;
    const more = bytes.subarray(from, from + lineBytes + 1 - this.#keptBytes);
    const feed = more.indexOf(LINE_FEED);
    this.#keep(feed === -1 ? more : more.subarray(0, feed + 1));
    if (feed !== -1) {
      const line = this.#take();
      yield* this.#wholeLines.filter(line, 0, line.length, this.#times);
      return from + feed + 1;
    }
    if (this.#keptBytes > lineBytes) {
      if (!this.decideKept()) return bytes.length;
      this.#state.cutLines += 1;
    }
    return from + more.length;
  }

  /**
   * Decides the line by what is kept of it, and sends or drops that. @returns whether the filter needs more of the log.
   */
  decideKept(): boolean {
    const head = this.#take();
    const decision = this.#decide(head);
    if (decision !== undefined) this.pass(head, 0, decision);
    return decision !== undefined;
  }

  /** Sends or drops the next part of a line that is decided. */
  pass(bytes: Buffer, from: number, { kind, time }: LineDecision): number {
    const state = this.#state;
    const { options, range } = state;
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (kind === "dropped") state.within += end - from;
    else this.#send(bytes.subarray(from, end), time, kind === "context");
    if (feed === -1) return end;
    if (kind === "match") state.contextLeft = options.grep?.after ?? 0;
    if (kind === "context") state.contextLeft -= 1;
    if (!range.isOpen || options.timestamps) state.time = time;
    state.advance(1);
    return end;
  }

  /** Decides the line by the part of it that is searched. @returns `undefined` if it is not before `until`. */
  #decide(bytes: Buffer): LineDecision | undefined {
    const state = this.#state;
    const { range, lineBytes } = state;
    const head = bytes.subarray(0, cutLength(bytes, lineBytes));
    const isFound = this.#times === undefined && !range.isOpen;
    const time = (isFound ? findLineTime(head, 0, head.length, state.times) : this.#times?.times[0]) ?? state.time;
    state.untilReached = range.isOver(time);
    state.decision = state.untilReached ? undefined : { kind: this.#kindOf(head, time), time };
    return state.decision;
  }

  #kindOf(head: Buffer, time: string | undefined): LineDecision["kind"] {
    const state = this.#state;
    const { grep } = state.options;
    if (state.range.isEarly(time)) return "dropped";
    if (grep === undefined) return "match";
    if (grep.matches.search(head).next(0) < head.length !== grep.invert) {
      state.sendHeld();
      return "match";
    }
    if (state.contextLeft > 0) return "context";
    state.held.add({ number: state.line, bytes: undefined, prefix: undefined, timeBefore: state.time });
    return "dropped";
  }

  #send(bytes: Buffer, time: string | undefined, context: boolean): void {
    const state = this.#state;
    const prefix = this.#times !== undefined && state.options.timestamps && state.within === 0 ? time : undefined;
    const lines = { number: state.line, count: 1, context };
    let at = state.output.leaveOut(bytes.length);
    state.within += at;
    while (at < bytes.length) {
      const sent = state.output.addPart(bytes.subarray(at), lines, state.within === 0 ? prefix : undefined);
      at += sent;
      state.within += sent;
      state.part = state.within;
    }
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
    this.#state.within = length;
  }

  /** Takes what is kept, to be handled from the line's beginning on. */
  #take(): Buffer {
    const taken = this.#kept.subarray(0, this.#keptBytes);
    // It is sent without a copy, so the next line gets another buffer.
    this.#kept = EMPTY;
    this.#keptBytes = 0;
    this.#state.within = 0;
    return taken;
  }
}

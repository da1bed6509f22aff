import { cutLength, LINE_FEED } from "./characters.ts";
import type { FilterState } from "./filter-state.ts";
import { KeptLine } from "./kept-line.ts";
import type { LineDecision } from "./line-filter-types.ts";
import { findLineTime, type LineTimes, timesOfLine } from "./line-times.ts";
import type { WholeLines } from "./whole-lines.ts";

/**
 * A line whose end has not arrived, or that is too long to search whole. As much of it as is searched is kept until it
 * is decided; the rest is sent or dropped as it arrives. Methods that take a text return where to continue in it.
 */
export class PartialLine {
  readonly #state: FilterState;
  readonly #wholeLines: WholeLines;
  /** Its time from the source. */
  #times: LineTimes | undefined;
  #kept: KeptLine | undefined;

  constructor(state: FilterState, wholeLines: WholeLines) {
    this.#state = state;
    this.#wholeLines = wholeLines;
  }

  /** A beginning that has to be decided. */
  get kept(): KeptLine | undefined {
    return this.#kept;
  }

  /** @param times from the source, if it has any. */
  begin(bytes: Buffer, from: number, times: LineTimes | undefined): number {
    const { options, range, lineBytes } = this.#state;
    this.#times = times && timesOfLine(times, from);
    if (options.grep === undefined && (times !== undefined || range.isOpen)) {
      const head = bytes.subarray(from, from + lineBytes + 1);
      const known = head.subarray(0, cutLength(head, lineBytes));
      return this.#decide(known, known) === undefined ? bytes.length : from;
    }
    this.#kept = new KeptLine(lineBytes + 1);
    return from;
  }

  /** Adds to what is kept of the line, and decides it at its end or when enough has arrived. */
  *fill(bytes: Buffer, from: number, kept: KeptLine): Generator<undefined, number> {
    const { lineBytes } = this.#state;
    const feed = bytes.indexOf(LINE_FEED, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    const at = from + kept.take(bytes.subarray(from, end));
    this.#state.within = kept.totalBytes;
    if (feed !== -1 && at === end) {
      if (kept.totalBytes > lineBytes + 1) return this.decideKept() ? at : bytes.length;
      const line = kept.whole();
      this.#drop();
      yield* this.#wholeLines.filter(line, 0, line.length, this.#times);
      return at;
    }
    if (kept.isFull) {
      if (!this.decideKept()) return bytes.length;
      this.#state.cutLines += 1;
    }
    return at;
  }

  /**
   * Decides the line by what is kept of it, and sends or drops that. @returns whether the filter needs more of the log.
   */
  decideKept(): boolean {
    const kept = this.#kept;
    if (kept === undefined) return true;
    this.#drop();
    const { lineBytes } = this.#state;
    const head = kept.totalBytes <= lineBytes ? kept.whole() : kept.head(lineBytes);
    const decision = this.#decide(head, kept.totalBytes <= lineBytes ? head : kept.shownHead(lineBytes));
    if (decision !== undefined) for (const part of kept.parts()) this.pass(part, 0, decision);
    return decision !== undefined;
  }

  /** What is kept is handled from the line's beginning on. */
  #drop(): void {
    this.#kept = undefined;
    this.#state.within = 0;
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

  /**
   * Decides the line by the part of it that is searched.
   *
   * @param head that part without NULs, and with what is shown for NULs: `shown`.
   * @returns `undefined` if it is not before `until`.
   */
  #decide(head: Buffer, shown: Buffer): LineDecision | undefined {
    const state = this.#state;
    const { range } = state;
    const isFound = this.#times === undefined && !range.isOpen;
    const time = (isFound ? findLineTime(head, 0, head.length, state.times) : this.#times?.times[0]) ?? state.time;
    state.untilReached = range.isOver(time);
    state.decision = state.untilReached ? undefined : { kind: this.#kindOf(shown, time), time };
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
}

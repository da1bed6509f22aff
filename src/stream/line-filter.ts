import { LINE_FEED } from "./characters.ts";
import { FilterState } from "./filter-state.ts";
import type {
  FilteredText,
  LineFilterOptions,
  LineFilterResume,
  LineFilterStart,
  TextStart,
  TimedText,
} from "./line-filter-types.ts";
import { PartialLine } from "./partial-line.ts";
import { endOfWholeLines, WholeLines } from "./whole-lines.ts";

/**
 * Creates a filter.
 *
 * To resume: `{ ...start, ...resume }`, with the start of a text for which `reachesBack` holds, and the `resume` of the
 * last output (or the filter's own state). Fed the same log from that text on, the new filter returns exactly the
 * outputs that the first one would still have returned.
 */
export function createLineFilter(options: LineFilterOptions, start: LineFilterStart): LineFilter {
  return new LineFilter(options, start);
}

/**
 * Sends the lines of a log that are asked for.
 *
 * Lines end with a line feed; a carriage return is part of its line. The output does not depend on how the log is cut
 * into texts. Whole lines are handled a text at a time: the end of a single line is searched for only if a match, a
 * time or the size of an output requires it. A line whose end has not arrived is kept up to the length that is
 * searched; then it is decided, and the rest of it is sent or dropped as it arrives, however long it is.
 */
export class LineFilter implements LineFilterResume {
  readonly #state: FilterState;
  readonly #wholeLines: WholeLines;
  readonly #partialLine: PartialLine;

  constructor(options: LineFilterOptions, start: LineFilterStart) {
    this.#state = new FilterState(options, start);
    this.#wholeLines = new WholeLines(this.#state);
    this.#partialLine = new PartialLine(this.#state, this.#wholeLines);
  }

  get done(): number {
    return this.#state.resume.done;
  }
  get part(): number {
    return this.#state.resume.part;
  }
  get context(): number {
    return this.#state.resume.context;
  }
  get time(): string | undefined {
    return this.#state.resume.time;
  }
  /**
   * Where the next text begins. Kept for each text, it tells by `reachesBack` whether a resumed filter can begin with
   * it. Meaningless once `until` was reached.
   */
  get nextStart(): TextStart {
    const { line, within, decision } = this.#state;
    return { line, within, decision };
  }
  /** Whether a line came that is not before `until`: nothing more is sent. */
  get untilReached(): boolean {
    return this.#state.untilReached;
  }
  /** How many lines were longer than `lineBytes`, so that only their beginnings were searched. */
  get cutLines(): number {
    return this.#state.cutLines;
  }

  /** Whether lines came, and none of them had a time, nor did one before them, though times decide. */
  get lacksTimes(): boolean {
    return this.#state.lacksTimes;
  }

  /** Filters a text. Yields when a pattern takes much work, so that the caller can yield to the event loop. */
  *push({ bytes: text, times }: TimedText): Generator<undefined, readonly FilteredText[], undefined> {
    const state = this.#state;
    const partial = this.#partialLine;
    if (state.untilReached) return [];
    const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
    const matcher = state.options.grep?.matches;
    for (let at = this.#skipDone(bytes); at < bytes.length && !state.untilReached; ) {
      if (state.decision !== undefined) at = partial.pass(bytes, at, state.decision);
      else if (partial.kept !== undefined) at = yield* partial.fill(bytes, at, partial.kept);
      else {
        const end = endOfWholeLines(bytes, at, state.lineBytes);
        if (end > at) yield* this.#wholeLines.filter(bytes, at, end, times);
        at = end > at ? end : partial.begin(bytes, at, times);
      }
      for (; matcher?.needsYield; matcher.yielded()) yield;
    }
    return state.takeOutputs();
  }

  /** Handles the end of the log: the last line may lack its line feed. */
  end(): readonly FilteredText[] {
    if (this.#partialLine.kept !== undefined && !this.#state.untilReached) this.#partialLine.decideKept();
    return this.#state.takeOutputs();
  }

  /** Skips lines that an earlier filter finished. @returns where the others begin. */
  #skipDone(bytes: Buffer): number {
    const state = this.#state;
    let at = 0;
    while (state.line <= state.doneBefore && at < bytes.length) {
      const feed = bytes.indexOf(LINE_FEED, at);
      state.within = feed === -1 ? state.within + bytes.length - at : 0;
      if (feed !== -1) state.line += 1;
      at = feed === -1 ? bytes.length : feed + 1;
    }
    return at;
  }
}

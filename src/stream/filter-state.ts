import { ContextLines } from "./context-lines.ts";
import type {
  FilteredText,
  LineDecision,
  LineFilterOptions,
  LineFilterResume,
  LineFilterStart,
} from "./line-filter-types.ts";
import { LineOutput } from "./line-output.ts";
import { TimeReader } from "./line-time.ts";
import { TimeRange } from "./line-times.ts";

const LINE_BYTES = 64 * 1024;
const OUTPUT_BYTES = 255 * 1024;
/** A time, a space and a line feed. */
const AROUND_LINE_BYTES = 32;

/**
 * Where a filter is in the log: at the beginning of a line, or inside one. {@link WholeLines} and {@link PartialLine}
 * advance it.
 */
export class FilterState {
  readonly options: LineFilterOptions;
  readonly range: TimeRange;
  /** Finds the times of lines, if the source has none. */
  readonly times: TimeReader;
  /** How much of a line is searched. */
  readonly lineBytes: number;
  readonly output: LineOutput;
  /** Lines that may become context of a later match. */
  readonly held: ContextLines;
  /** Lines up to this one were finished by an earlier filter. */
  readonly doneBefore: number;
  readonly #firstLine: number;
  /** The number of the next line, or of the one that the filter is inside. */
  line: number;
  /** How many bytes of that line have arrived, and how many of those were sent. */
  within: number;
  part: number;
  /** What was decided on that line before its end. */
  decision: LineDecision | undefined;
  /** How many lines are still context of the last match. */
  contextLeft: number;
  /** The time in effect before the line. */
  time: string | undefined;
  /** Whether a line came that is not before `until`: nothing more is sent. */
  untilReached = false;
  /** How many lines were longer than `lineBytes`, so that only their beginnings were searched. */
  cutLines = 0;

  constructor(options: LineFilterOptions, start: LineFilterStart) {
    const { grep } = options;
    const { within = 0, part = 0 } = start;
    this.options = options;
    this.range = new TimeRange(options.since, options.until);
    this.times = new TimeReader(options.latest ?? new Date().toISOString());
    this.lineBytes = Math.min(options.lineBytes ?? LINE_BYTES, LINE_BYTES, grep?.matches.lineBytes ?? LINE_BYTES);
    this.held = new ContextLines(grep?.before ?? 0);
    this.doneBefore = start.done ?? start.line - 1;
    this.line = start.line;
    this.#firstLine = start.line;
    this.within = within;
    this.part = part;
    this.decision = start.line > this.doneBefore ? start.decision : undefined;
    this.contextLeft = start.context ?? 0;
    this.time = start.time;
    this.output = new LineOutput(
      Math.max(this.lineBytes + AROUND_LINE_BYTES, Math.min(options.outputBytes ?? OUTPUT_BYTES, OUTPUT_BYTES)),
      this.decision === undefined ? part : Math.max(0, part - within),
      () => this.resume,
    );
  }

  get resume(): LineFilterResume {
    const { first } = this.held;
    if (first !== undefined) return { done: first.number - 1, part: 0, context: 0, time: first.timeBefore };
    const done = Math.max(this.doneBefore, this.line - 1);
    return { done, part: this.part, context: this.contextLeft, time: this.time };
  }

  /** Whether lines came, and none of them had a time, nor did one before them, though times decide. */
  get lacksTimes(): boolean {
    if (this.range.isOpen || this.untilReached || (this.time ?? this.decision?.time) !== undefined) return false;
    return this.line > this.#firstLine || this.decision !== undefined;
  }

  /** Advances to the beginning of a line. */
  advance(lines: number): void {
    this.line += lines;
    this.within = 0;
    this.part = 0;
    this.decision = undefined;
  }

  /** Sends the lines that are held, because a match has come. */
  sendHeld(): void {
    for (let held = this.held.first; held !== undefined; held = this.held.first) {
      // Sent before it is removed: an output that ends before it has to resume with it.
      const { bytes, number, prefix } = held;
      if (bytes !== undefined) this.output.addLine(bytes, { number, count: 1, context: true }, prefix);
      this.held.take();
    }
  }

  takeOutputs(): readonly FilteredText[] {
    if (this.untilReached) this.held.clear();
    this.held.own();
    return this.output.take();
  }
}

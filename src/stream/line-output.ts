import { cutLength, LINE_FEED } from "./characters.ts";
import { countLineFeeds } from "./count.ts";
import type { FilteredText, LineFilterResume } from "./line-filter-types.ts";
import { entryAt, type LineTimes } from "./line-times.ts";

/** A time and a space. */
const PREFIX_BYTES = 31;
const SPACE = 0x20;
/** The maximum size of a character. */
const CHARACTER_BYTES = 4;

/** Lines that are sent. */
export interface SentLines {
  /** The number of the first one. */
  readonly number: number;
  readonly count: number;
  /** Whether they are context of a match, not matches. */
  readonly context: boolean;
}

/** Collects what is sent into outputs of limited size. Adjacent bytes of one text are not copied. */
export class LineOutput {
  readonly #maxBytes: number;
  readonly #resume: () => LineFilterResume;
  /** How many bytes of the first line an earlier filter has sent. */
  #leaveOut: number;
  /** Outputs that are complete. */
  #outputs: FilteredText[] = [];
  /** The output that is being collected. */
  #pieces: Uint8Array[] = [];
  #runs: { firstLine: number; count: number; context: boolean }[] = [];
  #size = 0;

  /**
   * @param maxBytes the maximum size of an output. A whole line with its time fits.
   * @param leaveOut how many bytes of the first line to omit.
   * @param resume where a filter resumes after what was collected so far.
   */
  constructor(maxBytes: number, leaveOut: number, resume: () => LineFilterResume) {
    this.#maxBytes = maxBytes;
    this.#leaveOut = leaveOut;
    this.#resume = resume;
  }

  /** Adds a whole line. @param time what to put before it. */
  addLine(bytes: Uint8Array, lines: SentLines, time: string | undefined): void {
    const left = this.leaveOut(bytes.length);
    const rest = left === 0 ? bytes : bytes.subarray(left);
    const prefix = left === 0 ? time : undefined;
    this.#makeRoom(rest.length + (prefix === undefined ? 0 : PREFIX_BYTES));
    if (prefix !== undefined) this.#append(prefixBytes(prefix));
    if (rest.length > 0) this.#add(rest, lines);
  }

  /**
   * Adds whole lines, as many as fit into one output: at least one.
   *
   * @param from where they begin in `bytes`, and `to` where they end.
   * @param times of the lines in `bytes`, to put before them, with the time in effect before the first: `before`.
   * @returns the end of the lines that were added.
   */
  addLines(
    bytes: Buffer,
    from: number,
    to: number,
    lines: SentLines,
    times: LineTimes | undefined,
    before: string | undefined,
  ): number {
    if (this.#leaveOut > 0) {
      const end = bytes.indexOf(LINE_FEED, from) + 1;
      this.addLine(bytes.subarray(from, end), { ...lines, count: 1 }, undefined);
      return end;
    }
    if (times !== undefined) return this.#addTimed(bytes, from, to, lines, times, before);
    if (to - from > this.#room) this.#makeRoom(bytes.indexOf(LINE_FEED, from) + 1 - from);
    const end = to - from > this.#room ? bytes.lastIndexOf(LINE_FEED, from + this.#room - 1) + 1 : to;
    const part = bytes.subarray(from, end);
    this.#add(part, end === to ? lines : { ...lines, count: countLineFeeds(part) });
    return end;
  }

  /** Adds as much of a part of a line as fits, cut between characters. @returns how many bytes. */
  addPart(bytes: Uint8Array, lines: SentLines, time: string | undefined): number {
    this.#makeRoom((time === undefined ? 0 : PREFIX_BYTES) + CHARACTER_BYTES);
    if (time !== undefined) this.#append(prefixBytes(time));
    const length = cutLength(bytes, this.#room);
    this.#add(bytes.subarray(0, length), lines);
    return length;
  }

  /** How many of the next bytes to omit, because they were sent before. */
  leaveOut(length: number): number {
    const left = Math.min(this.#leaveOut, length);
    this.#leaveOut -= left;
    return left;
  }

  /** Completes the current output, and takes all outputs. */
  take(): readonly FilteredText[] {
    this.#flush();
    const taken = this.#outputs;
    this.#outputs = [];
    return taken;
  }

  /** Copies times and lines into one buffer. */
  #addTimed(
    bytes: Buffer,
    from: number,
    to: number,
    lines: SentLines,
    { starts, times }: LineTimes,
    before: string | undefined,
  ): number {
    let index = entryAt({ starts, times }, from);
    let time = before;
    let into: Buffer | undefined;
    let length = 0;
    let count = 0;
    let at = from;
    while (at < to) {
      if (starts[index] === at) {
        time = times[index];
        index += 1;
      }
      const end = bytes.indexOf(LINE_FEED, at) + 1;
      const size = end - at + (time === undefined ? 0 : PREFIX_BYTES);
      if (into === undefined) {
        this.#makeRoom(size);
        into = Buffer.allocUnsafe(Math.min(this.#room, to - at + lines.count * PREFIX_BYTES));
      }
      if (length + size > into.length) break;
      if (time !== undefined) {
        length += into.write(time, length, "latin1");
        into[length] = SPACE;
        length += 1;
      }
      length += bytes.copy(into, length, at, end);
      at = end;
      count += 1;
    }
    if (into !== undefined) this.#add(into.subarray(0, length), { ...lines, count });
    return at;
  }

  get #room(): number {
    return this.#maxBytes - this.#size;
  }

  #add(bytes: Uint8Array, { number, count, context }: SentLines): void {
    this.#append(bytes);
    const run = this.#runs.at(-1);
    const next = run === undefined ? 0 : run.firstLine + run.count;
    if (run?.context === context && next === number) run.count += count;
    // More of the line that the run ends with.
    else if (run?.context === context && next === number + 1) run.count += count - 1;
    else this.#runs.push({ firstLine: number, count, context });
  }

  #append(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#pieces.push(bytes);
  }

  /** Completes the current output if this many bytes do not fit into it. */
  #makeRoom(bytes: number): void {
    if (bytes > this.#room) this.#flush();
  }

  #flush(): void {
    if (this.#size === 0) return;
    const [only] = this.#pieces;
    const bytes = only !== undefined && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces, this.#size);
    this.#outputs.push({ bytes, runs: this.#runs, resume: this.#resume() });
    this.#pieces = [];
    this.#runs = [];
    this.#size = 0;
  }
}

function prefixBytes(time: string): Buffer {
  return Buffer.from(`${time} `, "latin1");
}

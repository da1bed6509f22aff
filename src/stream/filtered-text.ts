/** Lines that follow one another. */
export interface LineRun {
  /** The number of the first one. */
  readonly firstLine: number;
  readonly count: number;
  /** Whether they do not match, but stand before or after a line that does. */
  readonly context: boolean;
}

/** What a filter has to know to resume behind an output, besides a text that reaches back far enough. */
export interface LineFilterResume {
  /** Lines up to this number give no more output and need not be looked at. */
  readonly done: number;
  /** Bytes of line `done + 1` that were sent already, without the time that was put before it. */
  readonly part: number;
  /** How many lines from `done + 1` on are still context of a match before them. */
  readonly context: number;
  /** The time in effect before line `done + 1`. Known only where the filter needs times or puts them before lines. */
  readonly time: string | undefined;
}

/** Something to send. */
export interface FilteredText {
  /** At most 255 KiB of whole characters. */
  readonly bytes: Uint8Array;
  /**
   * Its lines, in order. A line that is spread over several outputs has a run, or a part of one, in each of them: it is
   * counted once in each.
   */
  readonly runs: readonly LineRun[];
  /** Where a filter resumes behind it. */
  readonly resume: LineFilterResume;
}

/** Gathers what is sent into outputs of limited size. Bytes that lie side by side in one text are not copied. */
export class OutputBuffer {
  readonly #maxBytes: number;
  /** Outputs that are complete. */
  #outputs: FilteredText[] = [];
  /** The output that is being gathered. */
  #pieces: Uint8Array[] = [];
  #runs: { firstLine: number; count: number; context: boolean }[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes still fit into the output that is being gathered. */
  get room(): number {
    return this.#maxBytes - this.#size;
  }

  /** Adds bytes of lines that follow one another; they have to fit. */
  add(bytes: Uint8Array, firstLine: number, count: number, context: boolean): void {
    this.addPrefix(bytes);
    const run = this.#runs.at(-1);
    const next = run === undefined ? 0 : run.firstLine + run.count;
    if (run?.context === context && next === firstLine) run.count += count;
    else if (run?.context === context && next === firstLine + 1) run.count += count - 1;
    else this.#runs.push({ firstLine, count, context });
  }

  /** Adds bytes that are not of the log; a line has to follow. */
  addPrefix(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#pieces.push(bytes);
  }

  /** Completes the output that is being gathered, if there is something in it. */
  flush(resume: () => LineFilterResume): void {
    if (this.#size === 0) return;
    const [only] = this.#pieces;
    const bytes = only !== undefined && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces, this.#size);
    this.#outputs.push({ bytes, runs: this.#runs, resume: resume() });
    this.#pieces = [];
    this.#runs = [];
    this.#size = 0;
  }

  /** Takes all outputs that are complete. */
  take(): readonly FilteredText[] {
    const taken = this.#outputs;
    this.#outputs = [];
    return taken;
  }
}

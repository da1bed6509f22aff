/** Lines that follow one another. */
export interface LineRun {
  /** The number of the first one. */
  readonly firstLine: number;
  readonly count: number;
  /** Whether they do not match, but stand before or after a line that does. */
  readonly context: boolean;
}

/** What a filter has to be told to go on behind an output, besides a text that reaches back far enough. */
export interface LineFilterResume {
  /** Lines up to this number give no output any more, and need not be looked at. */
  readonly done: number;
  /** Bytes of line `done + 1` that were sent already, without the time that was put before it. */
  readonly part: number;
  /** How many lines from `done + 1` on are still context of a match before them. */
  readonly context: number;
  /** The time in effect before line `done + 1`. Known only where the filter asks for times or puts them before lines. */
  readonly time: string | undefined;
}

/** Something to send. */
export interface FilteredText {
  /** At most 255 KiB of whole characters. */
  readonly bytes: Uint8Array;
  /** Its lines, in order. A line that is spread over several outputs has a run, or a part of one, in each of them: it is counted once in each. */
  readonly runs: readonly LineRun[];
  /** Where a filter goes on behind it. */
  readonly resume: LineFilterResume;
}

/** Gathers what is sent into outputs. */
export interface TextGatherer {
  /** How many bytes there is room for in the output that is being gathered. */
  readonly room: number;
  /** Adds bytes of lines that follow one another; they have to fit. */
  add(bytes: Uint8Array, firstLine: number, count: number, context: boolean): void;
  /** Adds bytes that are not of the log; a line has to come behind them. */
  addPrefix(bytes: Uint8Array): void;
  /** Ends the output, if there is something in it. */
  flush(resume: () => LineFilterResume): void;
  /** Takes all that was flushed. */
  take(): readonly FilteredText[];
}

/** Gathers outputs of at most `maxBytes`. Bytes that lie side by side in one text are not copied. */
export function createTextGatherer(maxBytes: number): TextGatherer {
  let outputs: FilteredText[] = [];
  let pieces: Uint8Array[] = [];
  let runs: { firstLine: number; count: number; context: boolean }[] = [];
  let size = 0;

  const append = (bytes: Uint8Array): void => {
    size += bytes.length;
    const last = pieces.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      pieces[pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else pieces.push(bytes);
  };

  return {
    get room() {
      return maxBytes - size;
    },
    addPrefix: append,
    add(bytes, firstLine, count, context) {
      append(bytes);
      const run = runs.at(-1);
      const next = run === undefined ? 0 : run.firstLine + run.count;
      if (run?.context === context && next === firstLine) run.count += count;
      else if (run?.context === context && next === firstLine + 1) run.count += count - 1;
      else runs.push({ firstLine, count, context });
    },
    flush(resume) {
      if (size === 0) return;
      const [only] = pieces;
      const bytes = only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces, size);
      outputs.push({ bytes, runs, resume: resume() });
      pieces = [];
      runs = [];
      size = 0;
    },
    take() {
      const taken = outputs;
      outputs = [];
      return taken;
    },
  };
}

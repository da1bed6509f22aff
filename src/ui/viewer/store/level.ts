import { ErrorLines } from "../../../severity/belonging.ts";
import { markCandidates } from "../../../severity/candidates.ts";
import { MAX_LOOKED_AT, severityOf } from "../../../severity/severity.ts";
import { type Block, type BlockMark, LINE_BELONGS, LINE_ERROR, LINE_WARNING } from "./block.ts";

/** One character per byte, so that positions in the text are those of the bytes. */
const BYTEWISE = new TextDecoder("latin1");
const DECODER = new TextDecoder();

/** Bytes of a line to examine. */
const MAX_LEVEL_BYTES = 4 * MAX_LOOKED_AT;
/** Fewer frames are not folded. */
const MIN_FRAMES = 3;

/** The lines of a block, as far as their levels depend on them. */
export type LeveledLines = Pick<Block, "text" | "offsets" | "sources" | "flags">;

/** An error whose lines may continue in the next block. */
interface OpenError {
  readonly lines: ErrorLines;
  /** The line before the newest frames: where they fold. */
  head: number;
  /** Behind the newest frames. */
  end: number;
}

/** Finds the levels of a log's lines, and its stack traces, block by block. */
export class LevelFinder {
  readonly #open = new Map<number, OpenError>();

  /**
   * Adds the levels to the flags of a block's lines.
   *
   * @param reds which lines are red, which makes a line an error if it has no level.
   * @param isWide whether there are non-ASCII characters.
   * @returns the marks of stack traces.
   */
  find(block: LeveledLines, reds: Uint8Array, isWide: boolean): BlockMark[] {
    const { text, offsets } = block;
    const lines = offsets.length - 1;
    const marks: BlockMark[] = [];
    for (const [source, error] of this.#open) this.#goOn(block, source, error, 0, marks);
    // Red lines are worth a look too.
    const looks = reds.slice(0, lines);
    markCandidates({ text, bytewise: (isWide ? BYTEWISE : DECODER).decode(text), offsets }, looks);
    for (let line = looks.indexOf(1); line !== -1; line = looks.indexOf(1, line + 1)) {
      this.#look(block, line, reds[line] === 1, marks);
    }
    for (const error of this.#open.values()) {
      error.head -= lines;
      error.end -= lines;
    }
    return marks;
  }

  #look(block: LeveledLines, line: number, isRed: boolean, marks: BlockMark[]): void {
    const { flags, sources } = block;
    if (((flags[line] ?? 0) & LINE_BELONGS) !== 0) return;
    const text = lineOf(block, line);
    const severity = severityOf(text, isRed);
    if (severity === "warning") flags[line] = (flags[line] ?? 0) | LINE_WARNING;
    if (severity !== "error") return;
    flags[line] = (flags[line] ?? 0) | LINE_ERROR;
    const error = { lines: new ErrorLines(text), head: line, end: line + 1 };
    this.#goOn(block, sources[line] ?? 0, error, line + 1, marks);
  }

  /** Marks the lines that belong to an error, from a line of the block on. */
  #goOn(block: LeveledLines, source: number, error: OpenError, from: number, marks: BlockMark[]): void {
    const { offsets, sources, flags } = block;
    const lines = offsets.length - 1;
    this.#open.set(source, error);
    for (let line = from; line < lines; line += 1) {
      if (sources[line] !== source) continue;
      const may = error.lines.mayTake(block.text[offsets[line] ?? 0] ?? 0);
      const belongs = may ? error.lines.take(lineOf(block, line)) : "none";
      if (belongs !== "frame" || error.end !== line) {
        fold(error, marks);
        error.head = line;
        error.end = line + 1;
      }
      if (belongs === "none") {
        this.#open.delete(source);
        return;
      }
      flags[line] = (flags[line] ?? 0) | LINE_BELONGS;
      if (belongs === "frame") error.end = line + 1;
    }
    // What follows makes it longer.
    fold(error, marks);
  }
}

function fold({ head, end }: OpenError, marks: BlockMark[]): void {
  const lines = end - head;
  if (lines > MIN_FRAMES) marks.push({ kind: "stack", title: "", expanded: false, line: head, lines });
}

function lineOf({ text, offsets }: LeveledLines, line: number): string {
  const start = offsets[line] ?? 0;
  const end = (offsets[line + 1] ?? 1) - 1;
  return DECODER.decode(text.subarray(start, Math.min(end, start + MAX_LEVEL_BYTES)));
}

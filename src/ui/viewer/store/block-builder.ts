import { type Block, type BlockMark, LINE_WIDE, type Overwritten } from "./block.ts";
import { createGrowing, type Growing } from "./growing.ts";
import { LevelFinder } from "./level.ts";

/** A block is closed at the end of the line with which it reaches this size. */
const BLOCK_BYTES = 192 * 1024;
const LINE_FEED = 0x0a;

/** The text and styles of a partial line. Positions of its runs count from its beginning. */
export interface HeldLine {
  readonly text: Uint8Array<ArrayBuffer>;
  readonly runs: Uint32Array<ArrayBuffer>;
}

/** The properties of a complete line. */
export interface EndedLine {
  readonly number: number;
  readonly columns: number;
  /** All flags except the level. */
  readonly flags: number;
  readonly source: number;
  /** Whether most of its text is red. */
  readonly isRed: boolean;
}

/** Builds a block: complete lines, and the line being read at the end of the text. */
export interface BlockBuilder {
  /** Bytes are appended to it; truncating it at `lineStart` discards the line being read. */
  readonly text: Growing<Uint8Array<ArrayBuffer>>;
  /** The number of complete lines. */
  readonly lines: number;
  /** Where the line being read begins. */
  readonly lineStart: number;
  readonly isFull: boolean;
  /** Starts a style here. */
  beginRun(style: number): void;
  /** Starts a style here unless it is active already. */
  ensureRun(style: number): void;
  /** Discards the text and styles behind a position in the line being read. */
  truncate(to: number): void;
  /** Discards the text and styles of the line being read. */
  dropLine(): void;
  /** The line being read, which begins in `lineStyle`. */
  heldLine(lineStyle: number): HeldLine;
  /** Appends a held line. */
  resumeLine(held: HeldLine): void;
  /** The runs of the line being read, relative to its beginning. */
  lineRuns(lineStyle: number): Uint32Array<ArrayBuffer>;
  endLine(line: EndedLine): void;
  addMark(mark: BlockMark): void;
  addOverwritten(states: Overwritten): void;
  /**
   * Closes the block and returns its complete lines; the line being read stays.
   *
   * @param style the active style.
   */
  cut(lineStyle: number, style: number): Block;
}

export function createBlockBuilder(): BlockBuilder {
  const text = createGrowing(Uint8Array, BLOCK_BYTES + 16 * 1024);
  const runs = createGrowing(Uint32Array, 4096);
  const offsets = createGrowing(Uint32Array, 2048);
  const numbers = createGrowing(Uint32Array, 2048);
  const columns = createGrowing(Uint32Array, 2048);
  const flags = createGrowing(Uint8Array, 2048);
  const sources = createGrowing(Uint8Array, 2048);
  const reds = createGrowing(Uint8Array, 2048);
  const levels = new LevelFinder();
  let marks: BlockMark[] = [];
  let overwritten: Overwritten[] = [];
  let anyWide = false;
  /** Where the line being read begins, in the text and in the runs. */
  let lineStart = 0;
  let runStart = 0;

  const builder: BlockBuilder = {
    text,
    get lines() {
      return numbers.length;
    },
    get lineStart() {
      return lineStart;
    },
    get isFull() {
      return lineStart >= BLOCK_BYTES;
    },
    beginRun(style) {
      if (runs.length > runStart && runs.data[runs.length - 2] === text.length) runs.length -= 2;
      runs.push(text.length);
      runs.push(style);
    },
    ensureRun(style) {
      if ((runs.length === 0 ? 0 : runs.data[runs.length - 1]) !== style) builder.beginRun(style);
    },
    truncate(to) {
      text.length = to;
      while (runs.length > runStart && (runs.data[runs.length - 2] ?? 0) >= to) runs.length -= 2;
    },
    dropLine() {
      text.length = lineStart;
      runs.length = runStart;
    },
    heldLine: (lineStyle) => ({ text: text.slice(lineStart), runs: builder.lineRuns(lineStyle) }),
    resumeLine(held) {
      text.append(held.text);
      runs.append(held.runs.map(relative(-lineStart)));
    },
    lineRuns(lineStyle) {
      const own = runs.slice(runStart).map(relative(lineStart));
      return own[0] === 0 ? own : Uint32Array.of(0, lineStyle, ...own);
    },
    endLine(line) {
      offsets.push(lineStart);
      numbers.push(line.number);
      columns.push(line.columns);
      flags.push(line.flags);
      sources.push(line.source);
      reds.push(line.isRed ? 1 : 0);
      anyWide ||= (line.flags & LINE_WIDE) !== 0;
      text.push(LINE_FEED);
      lineStart = text.length;
      runStart = runs.length;
    },
    addMark: (mark) => void marks.push(mark),
    addOverwritten: (states) => void overwritten.push(states),
    cut(lineStyle, style) {
      const rest = builder.heldLine(lineStyle);
      builder.dropLine();
      offsets.push(lineStart);
      const block: Block = {
        text: text.slice(0),
        runs: runs.slice(0),
        offsets: offsets.slice(0),
        numbers: numbers.slice(0),
        columns: columns.slice(0),
        flags: flags.slice(0),
        sources: sources.slice(0),
        marks,
        overwritten,
      };
      const stacks = levels.find(block, reds.data.subarray(0, reds.length), anyWide);
      if (stacks.length > 0) marks.push(...stacks);
      for (const each of [text, runs, offsets, numbers, columns, flags, sources, reds]) each.length = 0;
      marks = [];
      overwritten = [];
      anyWide = false;
      lineStart = runStart = 0;
      if (rest.text.length > 0) builder.resumeLine(rest);
      else builder.ensureRun(style);
      return block;
    },
  };
  return builder;
}

/** Shifts the positions of runs, which are every second number. */
function relative(start: number): (value: number, index: number) => number {
  return (value, index) => (index % 2 === 0 ? value - start : value);
}

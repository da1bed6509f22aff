import type { GroupMark } from "./group-mark.ts";

/** The lines of a block, packed: no object and no string per line. */
export interface LineTable {
  /** Where each line begins in the text; one more entry is the end of the last line, after its line feed. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** The number of each line in its source; 0 if unknown. */
  readonly numbers: Uint32Array<ArrayBuffer>;
  /** The width of each line in columns of a fixed-width font. */
  readonly columns: Uint32Array<ArrayBuffer>;
  /** See `LINE_ERROR` and the other flags. */
  readonly flags: Uint8Array<ArrayBuffer>;
  /** The source of each line: an index into the store's sources. */
  readonly sources: Uint8Array<ArrayBuffer>;
}

/** A part of a log, ready to be shown. All but the marks is plain memory, which can be transferred between threads. */
export interface Block extends LineTable {
  /** UTF-8 without escape sequences; each line with a line feed. */
  readonly text: Uint8Array<ArrayBuffer>;
  /** Pairs of a position in the text and the style that begins there: an index into the styles. */
  readonly runs: Uint32Array<ArrayBuffer>;
  /** Where groups begin and end. */
  readonly marks: readonly BlockMark[];
  /** Earlier states of lines that were overwritten. */
  readonly overwritten: readonly Overwritten[];
}

/** A mark on a line of a block. */
export interface BlockMark extends GroupMark {
  /** Which line of the block, counted from 0; negative if it is in an earlier block. */
  readonly line: number;
  /** How many lines a stack trace has, its first line included. */
  readonly lines?: number;
}

/** Earlier states of a line, as progress bars leave them. */
export interface Overwritten {
  readonly line: number;
  /** One text per state, oldest first; of too many, the oldest are left out. */
  readonly states: readonly string[];
  /** How many states there were. */
  readonly count: number;
}

/** The level of a line. */
export const LINE_ERROR = 2;
export const LINE_WARNING = 1;
/** The bits of the level in the flags. */
export const LEVEL_MASK = 3;
/** The line was overwritten. */
export const LINE_OVERWRITTEN = 4;
/** The line has non-ASCII characters. */
export const LINE_WIDE = 8;

/** The line belongs to the error before it: its message, or its stack trace. */
export const LINE_BELONGS = 16;

/** The number of lines in a block. */
export function lineCount(block: Block): number {
  return block.numbers.length;
}

/** Bytes of memory that a block uses. */
export function blockBytes(block: Block): number {
  const { text, runs, offsets, numbers, columns, flags, sources } = block;
  return [text, runs, offsets, numbers, columns, flags, sources].reduce((sum, part) => sum + part.byteLength, 0);
}

/** The buffers of a block, for a transfer to another thread. */
export function blockMemory(block: Block): ArrayBuffer[] {
  const { text, runs, offsets, numbers, columns, flags, sources } = block;
  return [text, runs, offsets, numbers, columns, flags, sources].map(({ buffer }) => buffer);
}

/** Joins two blocks. */
export function joinBlocks(first: Block, second: Block): Block {
  const lines = lineCount(first);
  const start = first.text.length;
  // A block without a run at its beginning starts without a style.
  const beginsPlain = (first.runs.at(-1) ?? 0) !== 0 && second.runs[0] !== 0;
  return {
    text: join(Uint8Array, first.text, second.text),
    runs: join(
      Uint32Array,
      join(Uint32Array, first.runs, beginsPlain ? Uint32Array.of(start, 0) : new Uint32Array()),
      second.runs.map((value, index) => (index % 2 === 0 ? value + start : value)),
    ),
    offsets: join(
      Uint32Array,
      first.offsets.subarray(0, lines),
      second.offsets.map((at) => at + start),
    ),
    numbers: join(Uint32Array, first.numbers, second.numbers),
    columns: join(Uint32Array, first.columns, second.columns),
    flags: join(Uint8Array, first.flags, second.flags),
    sources: join(Uint8Array, first.sources, second.sources),
    marks: [...first.marks, ...second.marks.map((mark) => ({ ...mark, line: mark.line + lines }))],
    overwritten: [...first.overwritten, ...second.overwritten.map((each) => ({ ...each, line: each.line + lines }))],
  };
}

type Numbers = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function join<T extends Numbers>(kind: new (length: number) => T, first: T, second: T): T {
  const joined = new kind(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

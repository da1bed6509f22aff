import {
  type Block,
  type BlockMark,
  blockBytes,
  joinBlocks,
  LEVEL_MASK,
  LINE_ERROR,
  lineCount,
  type Overwritten,
} from "./block.ts";
import { createSortedLines, type SortedLines } from "./sorted-lines.ts";
import type { Style } from "./style.ts";

/** Something told about the log, which stands before the line that came next. */
export interface LogNotice {
  /** The position of the line before which it stands. */
  readonly line: number;
  readonly kind: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** Whose log lines are. */
export interface LogSource {
  readonly container: string;
  /** 0 where all lines are of one attempt. */
  readonly attempt: number;
}

/** A line and where its text lies. */
export interface PlacedLine {
  readonly block: Block;
  /** Which line of the block. */
  readonly index: number;
}

/**
 * A log in memory. Lines are counted from 0 in the order in which they came, and keep their positions when others are
 * let go: what a source calls them is their number.
 *
 * Where the log takes more memory than it may, its head and its newest lines stay, and what lay between is let go.
 */
export interface LogStore {
  /** How many lines have come. */
  readonly lines: number;
  /** How many of them have ended: all, or all but the last. */
  readonly ended: number;
  /** Bytes of memory held. */
  readonly bytes: number;
  /** Lines that were let go: from the first position up to the second, which is kept. Equal where none were. */
  readonly gap: readonly [from: number, to: number];
  readonly errors: SortedLines;
  readonly warnings: SortedLines;
  readonly notices: readonly LogNotice[];
  /** Where groups begin and end, by the lines' positions. */
  readonly marks: readonly BlockMark[];
  readonly sources: readonly LogSource[];
  readonly styles: readonly Style[];
  /** The most columns that any line takes. */
  readonly widest: number;
  /** Counts changes. */
  readonly version: number;
  append(block: Block): void;
  /** Sets or takes away the last line, which has not ended yet. */
  setUnfinished(block: Block | undefined): void;
  addNotice(kind: string, message: string): void;
  addStyles(styles: readonly Style[]): void;
  /** The index of a source, which is made known where it is new. */
  sourceIndex(source: LogSource): number;
  /** `undefined` where the line was let go or never came. */
  at(line: number): PlacedLine | undefined;
  /** The blocks that hold lines from one position up to another, each with the position of its first line. */
  blocks(from: number, to: number): Iterable<{ readonly block: Block; readonly first: number }>;
  /** The position of the line that has this number, in any source; -1 where there is none. */
  positionOf(number: number): number;
  overwrittenAt(line: number): Overwritten | undefined;
}

/** Blocks smaller than this are joined to the one before. */
const SMALL = 32 * 1024;
/** How much of the beginning is kept in any case. */
const HEAD_BYTES = 8 * 1024 * 1024;

/** @param limit bytes of memory at most; a single line may take more. */
export function createLogStore(limit: number): LogStore {
  const blocks: Block[] = [];
  /** The position of each block's first line. */
  const firsts: number[] = [];
  const errors = createSortedLines();
  const warnings = createSortedLines();
  const notices: LogNotice[] = [];
  const marks: BlockMark[] = [];
  const sources: LogSource[] = [];
  const styles: Style[] = [];
  let unfinished: Block | undefined;
  let ended = 0;
  let bytes = 0;
  let widest = 0;
  let version = 0;
  let gap: [number, number] = [0, 0];
  /** How many blocks belong to the head. */
  let head = 0;

  const indexOf = (line: number): number => {
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((firsts[middle] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const keepWithin = (): void => {
    if (bytes <= limit) return;
    if (head === 0) {
      let held = 0;
      while (head < blocks.length && held < Math.min(HEAD_BYTES, limit / 4)) {
        held += blockBytes(blocks[head] as Block);
        head += 1;
      }
    }
    // The newest block stays, however large it is.
    let count = 0;
    while (bytes > limit && head + count < blocks.length - 1) {
      bytes -= blockBytes(blocks[head + count] as Block);
      count += 1;
    }
    if (count === 0) return;
    const from = gap[0] === gap[1] ? (firsts[head] ?? 0) : gap[0];
    blocks.splice(head, count);
    firsts.splice(head, count);
    gap = [from, firsts[head] ?? ended];
    errors.remove(gap[0], gap[1]);
    warnings.remove(gap[0], gap[1]);
    removeWithin(marks, gap);
  };

  const store: LogStore = {
    get lines() {
      return ended + (unfinished === undefined ? 0 : 1);
    },
    get ended() {
      return ended;
    },
    get bytes() {
      return bytes;
    },
    get gap() {
      return gap;
    },
    errors,
    warnings,
    notices,
    marks,
    sources,
    styles,
    get widest() {
      return widest;
    },
    get version() {
      return version;
    },
    append(block) {
      const count = lineCount(block);
      if (count === 0) return;
      unfinished = undefined;
      for (let line = 0; line < count; line += 1) {
        const level = (block.flags[line] ?? 0) & LEVEL_MASK;
        if (level !== 0) (level === LINE_ERROR ? errors : warnings).push(ended + line);
        if ((block.columns[line] ?? 0) > widest) widest = block.columns[line] ?? 0;
      }
      for (const mark of block.marks) marks.push({ ...mark, line: mark.line + ended });
      const before = blocks.at(-1);
      const joins = before !== undefined && blocks.length > head && before.text.length + block.text.length < SMALL;
      if (joins) {
        const joined = joinBlocks(before, block);
        bytes += blockBytes(joined) - blockBytes(before);
        blocks[blocks.length - 1] = joined;
      } else {
        blocks.push(block);
        firsts.push(ended);
        bytes += blockBytes(block);
      }
      ended += count;
      version += 1;
      keepWithin();
    },
    setUnfinished(block) {
      if (block === undefined && unfinished === undefined) return;
      unfinished = block;
      if (block !== undefined) widest = Math.max(widest, block.columns[0] ?? 0);
      version += 1;
    },
    addNotice(kind, message) {
      notices.push({ line: store.lines, kind, message });
      version += 1;
    },
    addStyles(more) {
      styles.push(...more);
    },
    sourceIndex(source) {
      const known = sources.findIndex(
        ({ container, attempt }) => container === source.container && attempt === source.attempt,
      );
      // A byte a line says whose it is.
      return known !== -1 || sources.length > 255 ? Math.max(known, 0) : sources.push(source) - 1;
    },
    at(line) {
      if (line === ended && unfinished !== undefined) return { block: unfinished, index: 0 };
      if (line < 0 || line >= ended || (line >= gap[0] && line < gap[1])) return undefined;
      const at = indexOf(line);
      return { block: blocks[at] as Block, index: line - (firsts[at] ?? 0) };
    },
    *blocks(from, to) {
      for (let at = blocks.length === 0 ? 1 : indexOf(from); at < blocks.length; at += 1) {
        const first = firsts[at] ?? 0;
        if (first >= to) return;
        const block = blocks[at] as Block;
        // Behind the head, `indexOf` finds the block before the gap.
        if (first + lineCount(block) > from) yield { block, first };
      }
      if (unfinished !== undefined && to > ended) yield { block: unfinished, first: ended };
    },
    positionOf(number) {
      for (const { block, first } of store.blocks(0, Number.POSITIVE_INFINITY)) {
        const count = lineCount(block);
        const start = block.numbers[0] ?? 0;
        // Nearly always the lines of a block follow one another.
        if (number >= start && number < start + count && block.numbers[number - start] === number) {
          return first + number - start;
        }
        if ((block.numbers[count - 1] ?? 0) - start !== count - 1) {
          const at = block.numbers.indexOf(number);
          if (at !== -1) return first + at;
        }
      }
      return -1;
    },
    overwrittenAt(line) {
      const placed = store.at(line);
      return placed?.block.overwritten.find((each) => each.line === placed.index);
    },
  };
  return store;
}

function removeWithin(marks: BlockMark[], [from, to]: readonly [number, number]): void {
  const start = marks.findIndex(({ line }) => line >= from);
  if (start === -1) return;
  let end = start;
  while (end < marks.length && (marks[end]?.line ?? to) < to) end += 1;
  marks.splice(start, end - start);
}

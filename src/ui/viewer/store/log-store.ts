import {
  type Block,
  type BlockMark,
  blockBytes,
  joinBlocks,
  LEVEL_MASK,
  LINE_BELONGS,
  LINE_ERROR,
  lineCount,
  type Overwritten,
} from "./block.ts";
import { createSortedLines, type SortedLines } from "./sorted-lines.ts";
import type { Style } from "./style.ts";

/** A notice about the log, between lines. */
export interface LogNotice {
  /** The position of the next line. */
  readonly line: number;
  readonly kind: string;
  /** One sentence for the user. */
  readonly message: string;
}

/** The source of lines. */
export interface LogSource {
  readonly container: string;
  /** The end of the pod's name. Empty or absent if all lines are of one pod. */
  readonly pod?: string;
  /** 0 if all lines are of one attempt. */
  readonly attempt: number;
}

/** The location of a line. */
export interface PlacedLine {
  readonly block: Block;
  /** The line's index in the block. */
  readonly index: number;
}

/**
 * A log in memory. Lines are identified by position: counted from 0 in order of arrival, and unchanged when others are
 * evicted. Their source's name for them is their number.
 *
 * If the log exceeds its memory limit, its head and its newest lines stay, and those in between are evicted.
 */
export interface LogStore {
  /** When times without a year were at the latest, as for `timeOf`. */
  readonly latest: string | undefined;
  /** The number of lines so far. */
  readonly lines: number;
  /** The number of complete lines: all, or all but the last. */
  readonly ended: number;
  /** Bytes of memory held. */
  readonly bytes: number;
  /** Evicted lines: from the first position, up to but not including the second. Equal if there are none. */
  readonly gap: readonly [from: number, to: number];
  readonly errors: SortedLines;
  readonly warnings: SortedLines;
  /** Lines that belong to the error before them: its message, its stack trace. */
  readonly belonging: SortedLines;
  readonly notices: readonly LogNotice[];
  /** Where groups begin and end, by line position. */
  readonly marks: readonly BlockMark[];
  readonly sources: readonly LogSource[];
  readonly styles: readonly Style[];
  /** The width of the widest line. */
  readonly widest: number;
  /** Counts changes. */
  readonly version: number;
  append(block: Block): void;
  /** Sets or removes the partial last line. */
  setUnfinished(block: Block | undefined): void;
  addNotice(kind: string, message: string): void;
  addStyles(styles: readonly Style[]): void;
  /** The index of a source, which is added if it is new. */
  sourceIndex(source: LogSource): number;
  /** `undefined` if the line was evicted or never arrived. */
  at(line: number): PlacedLine | undefined;
  /** The blocks with lines between two positions, each with the position of its first line. */
  blocks(from: number, to: number): Iterable<{ readonly block: Block; readonly first: number }>;
  /** The position of the line with this number, in any source; -1 if there is none. */
  positionOf(number: number): number;
  overwrittenAt(line: number): Overwritten | undefined;
}

const MAX_SOURCES = 256;
/** Smaller blocks are joined to the previous one. */
const SMALL = 32 * 1024;
/** Bytes of the beginning that are always kept. */
const HEAD_BYTES = 8 * 1024 * 1024;

/**
 * @param limit maximum bytes of memory; a single line may use more.
 * @param latest when times without a year were at the latest. Default: they have no date.
 */
export function createLogStore(limit: number, latest?: string): LogStore {
  const blocks: Block[] = [];
  /** The position of each block's first line. */
  const firsts: number[] = [];
  const errors = createSortedLines();
  const warnings = createSortedLines();
  const belonging = createSortedLines();
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
  /** The number of blocks in the head. */
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
    // The newest block stays, whatever its size.
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
    belonging.remove(gap[0], gap[1]);
    removeWithin(marks, gap);
  };

  const store: LogStore = {
    latest,
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
    belonging,
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
        const flags = block.flags[line] ?? 0;
        const level = flags & LEVEL_MASK;
        if ((flags & LINE_BELONGS) !== 0) belonging.push(ended + line);
        else if (level !== 0) (level === LINE_ERROR ? errors : warnings).push(ended + line);
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
      const { container, pod = "", attempt } = source;
      const known = sources.findIndex(
        (each) => each.container === container && (each.pod ?? "") === pod && each.attempt === attempt,
      );
      if (known !== -1) return known;
      // One byte per line holds its source: the last one stands for all others.
      if (sources.length === MAX_SOURCES - 1) sources.push({ container: "…", attempt: 0 });
      return sources.length === MAX_SOURCES ? MAX_SOURCES - 1 : sources.push(source) - 1;
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
        // After the head, `indexOf` finds the block before the gap.
        if (first + lineCount(block) > from) yield { block, first };
      }
      if (unfinished !== undefined && to > ended) yield { block: unfinished, first: ended };
    },
    positionOf(number) {
      for (const { block, first } of store.blocks(0, Number.POSITIVE_INFINITY)) {
        const count = lineCount(block);
        const start = block.numbers[0] ?? 0;
        // The lines of a block are nearly always consecutive.
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

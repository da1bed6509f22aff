import type { LineControls } from "../../../stream/line-controls.ts";
import { erasedLength } from "../../../stream/shown-line.ts";
import { type Block, LINE_OVERWRITTEN, LINE_WIDE } from "./block.ts";
import { createBlockBuilder } from "./block-builder.ts";
import { columnsOf } from "./columns.ts";
import { type GroupMark, groupMarkOf, MARK_BYTES } from "./group-mark.ts";
import { LevelFinder } from "./level.ts";
import { isMostlyRed } from "./red-lines.ts";
import { createSourceState, type SourceState } from "./source-state.ts";
import { applySgr, isRed, PLAIN, type StyleTable } from "./style.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const ESC = 0x1b;
const TAB = 0x09;
const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;
const DIGIT_ZERO = 0x30;
const SMALL_M = 0x6d;

/** The maximum parameter characters of a style that is parsed at once: 16 ** 12 is still an exact number. */
const SHORT_STYLE = 12;

/** The maximum number of earlier states of an overwritten line, and the maximum bytes of each. */
const KEPT_STATES = 200;
const STATE_BYTES = 1_000;
/** The maximum length of a mark. */
const MARK_LENGTH = 400;
const TITLE_LENGTH = 200;
/** Bytes of a line whose width is measured; the rest is assumed to be similar. */
const MEASURED = 64 * 1024;

/** Turns a log's bytes into blocks of lines, however the bytes are cut. */
export interface Ingest {
  /**
   * @param firstLine the number of the line in which the bytes begin; 0 if unknown.
   * @param source whose log it is. The lines of different sources may be interleaved in the middle of lines.
   */
  push(bytes: Uint8Array, firstLine: number, source: number): void;
  /**
   * Returns the complete lines since the last call.
   *
   * @param all whether to include those of a block that is not full.
   */
  take(all: boolean): Block[];
  /** The partial line of the newest source. It is returned again when there is more of it. */
  unfinished(): Block | undefined;
  /** The end of the log: completes partial lines. */
  end(): void;
}

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

export function createIngest(styles: StyleTable): Ingest {
  const builder = createBlockBuilder();
  const { text } = builder;
  let closed: Block[] = [];
  const sourceStates = new Map<number, SourceState>();
  let current = 0;
  let state = stateOf(current);
  /** For each style, the styles that short sequences turn it into. */
  const steps: Map<number, number>[] = [];

  function stateOf(source: number): SourceState {
    let known = sourceStates.get(source);
    if (known === undefined) {
      known = createSourceState();
      sourceStates.set(source, known);
    }
    return known;
  }

  /** Whether a line has begun. */
  const isWithin = (): boolean => text.length > builder.lineStart || state.stateCount > 0 || state.controls.nuls !== "";

  const switchTo = (source: number): void => {
    if (source === current) return;
    if (isWithin()) {
      state.held = builder.heldLine(state.lineStyle);
      builder.dropLine();
    }
    current = source;
    state = stateOf(source);
    if (state.held !== undefined) {
      builder.resumeLine(state.held);
      state.held = undefined;
    } else builder.ensureRun(state.styleIndex);
  };

  /** Does what has to come before more text. */
  const settle = (): void => {
    const { controls } = state;
    const { clears, erased, nuls } = controls;
    controls.settle();
    if (clears) overwrite();
    if (erased > 0) {
      builder.truncate(erasedLength(text.data, text.length, erased, builder.lineStart));
      builder.ensureRun(state.styleIndex);
    }
    if (nuls !== "") text.append(ENCODER.encode(nuls));
  };

  /** The line is overwritten: its text becomes an earlier state. */
  const overwrite = (): void => {
    const { lineStart } = builder;
    if (text.length === lineStart) return;
    const before = DECODER.decode(text.data.subarray(lineStart, Math.min(text.length, lineStart + STATE_BYTES)));
    builder.dropLine();
    state.lineStyle = state.styleIndex;
    builder.ensureRun(state.styleIndex);
    const mark = before.startsWith("section_") ? groupMarkOf(before) : undefined;
    if (mark !== undefined) {
      state.marks.push(mark);
      return;
    }
    state.stateCount += 1;
    if (state.states.length >= KEPT_STATES) state.states.shift();
    state.states.push(before);
  };

  const markOf = (start: number, end: number): GroupMark | undefined => {
    let at = start;
    // GitHub's log files have a time before each line.
    if (text.data[start] === 0x32 && text.data[start + 10] === 0x54) {
      const space = text.data.indexOf(SPACE, start);
      if (space > 0 && space < start + 40) at = space + 1;
    }
    if (!MARK_BYTES.has(text.data[at] ?? 0)) return undefined;
    return groupMarkOf(DECODER.decode(text.data.subarray(at, Math.min(end, at + MARK_LENGTH))));
  };

  const endLine = (): void => {
    if (state.controls.isPending) settle();
    const { lineStart, lines: line } = builder;
    const end = text.length;
    if (state.marks.length > 0) {
      const title = DECODER.decode(text.data.subarray(lineStart, Math.min(end, lineStart + TITLE_LENGTH))).trim();
      for (const mark of state.marks) builder.addMark({ ...mark, title: title || mark.title, line });
      state.marks = [];
    } else {
      const mark = markOf(lineStart, end);
      if (mark !== undefined) builder.addMark({ ...mark, line });
    }
    if (state.stateCount > 0) {
      builder.addOverwritten({ line, states: state.states, count: state.stateCount });
      state.states = [];
    }
    builder.endLine({
      number: state.number,
      columns: state.tabs || state.wide ? measured(text.data.subarray(lineStart, end)) : end - lineStart,
      flags: flagsOf(state),
      source: current,
      isRed: state.red && isLineRed(text.data.subarray(lineStart, end)),
    });
    state.number += 1;
    resetLine();
    state.lineStyle = state.styleIndex;
    // A style set after a carriage return had no text to begin at.
    builder.ensureRun(state.styleIndex);
    if (builder.isFull) close();
  };

  /** Whether most of the line being read is red. */
  const isLineRed = (line: Uint8Array): boolean => isMostlyRed(line, builder.lineRuns(state.lineStyle), styles.styles);

  const resetLine = (): void => {
    state.red = state.tabs = state.wide = false;
    state.stateCount = 0;
  };

  const close = (): void => {
    if (builder.lines > 0) closed.push(builder.cut(state.lineStyle, state.styleIndex));
  };

  const setStyle = (parameters: string): void => {
    const style = applySgr(styles.styles[state.styleIndex] ?? PLAIN, parameters);
    moveTo(styles.indexOf(style));
  };

  const moveTo = (styleIndex: number): void => {
    state.styleIndex = styleIndex;
    if (isRed(styles.styles[styleIndex] ?? PLAIN)) state.red = true;
    if (!state.controls.isPending) builder.beginRun(styleIndex);
  };

  /** Parses a short style in one step, as most are. Returns its end, or 0 if it is not one. */
  const shortStyle = (bytes: Uint8Array, start: number): number => {
    if (bytes[start + 1] !== OPEN_BRACKET) return 0;
    let key = 0;
    let at = start + 2;
    for (const end = start + 2 + SHORT_STYLE; at < end; at += 1) {
      const digit = (bytes[at] ?? 0) - DIGIT_ZERO;
      if (digit < 0 || digit > 11) break;
      key = key * 16 + digit + 1;
    }
    if (bytes[at] !== SMALL_M) return 0;
    let known = steps[state.styleIndex];
    if (known === undefined) {
      known = new Map();
      steps[state.styleIndex] = known;
    }
    const next = known.get(key);
    if (next !== undefined) moveTo(next);
    else {
      setStyle(DECODER.decode(bytes.subarray(start + 2, at)));
      known.set(key, state.styleIndex);
    }
    return at;
  };

  return {
    push(bytes, firstLine, source) {
      switchTo(source);
      if (!isWithin()) state.number = firstLine || state.number || 1;
      const { controls } = state;
      const end = bytes.length;
      for (let at = 0; at < end; at += 1) {
        let byte = bytes[at] as number;
        if (byte >= SPACE && !controls.isInSequence) {
          if (controls.isPending) settle();
          // Fast path: plain text.
          text.reserve(end - at);
          const data = text.data;
          let to = text.length;
          let wide = 0;
          do {
            wide |= byte;
            data[to] = byte;
            to += 1;
            at += 1;
            byte = at < end ? (bytes[at] as number) : LINE_FEED;
          } while (byte >= SPACE);
          text.length = to;
          if (wide > 0x7f) state.wide = true;
          if (at >= end) break;
        }
        if (byte === ESC && !controls.isInSequence) {
          const styleEnd = shortStyle(bytes, at);
          if (styleEnd > 0) {
            at = styleEnd;
            continue;
          }
        }
        // Most lines end so, in Windows behind a carriage return.
        if (byte === RETURN && bytes[at + 1] === LINE_FEED && isIdle(controls)) {
          at += 1;
          byte = LINE_FEED;
        }
        if (byte === LINE_FEED && isIdle(controls)) {
          endLine();
          continue;
        }
        const act = controls.take(byte);
        if (act === "end") endLine();
        else if (act === "style") setStyle(controls.parameters);
        else if (act === "clear") overwrite();
        else if (act === "text") {
          if (controls.isPending) settle();
          if (byte === TAB) state.tabs = true;
          // Control characters take one column.
          if (byte > 0x7f) state.wide = true;
          text.push(byte);
        }
      }
    },
    take(all) {
      if (all) close();
      const taken = closed;
      closed = [];
      return taken;
    },
    unfinished() {
      if (!isWithin()) return undefined;
      // Only the beginning of a very long line, since it is returned again and again.
      const { lineStart } = builder;
      const part = text.data.slice(lineStart, Math.min(text.length, lineStart + MEASURED));
      const own = new Uint8Array(part.length + 1);
      own.set(part);
      own[part.length] = LINE_FEED;
      const { number, red, wide, tabs, stateCount, states } = state;
      const size = wide || tabs ? measured(part) : part.length;
      const block: Block = {
        text: own,
        runs: builder.lineRuns(state.lineStyle),
        offsets: Uint32Array.of(0, own.length),
        numbers: Uint32Array.of(number),
        columns: Uint32Array.of(size),
        flags: Uint8Array.of(flagsOf(state)),
        sources: Uint8Array.of(current),
        marks: [],
        overwritten: stateCount > 0 ? [{ line: 0, states: [...states], count: stateCount }] : [],
      };
      new LevelFinder().find(block, Uint8Array.of(red && isLineRed(part) ? 1 : 0), wide);
      return block;
    },
    end() {
      for (const source of sourceStates.keys()) {
        switchTo(source);
        if (isWithin()) endLine();
      }
    },
  };
}

/** Whether a line may end here, with nothing to do before. */
function isIdle(controls: LineControls): boolean {
  return !controls.isPending && !controls.isInSequence;
}

function measured(line: Uint8Array): number {
  const columns = columnsOf(DECODER.decode(line.subarray(0, MEASURED)));
  return line.length <= MEASURED ? columns : Math.ceil((columns * line.length) / MEASURED);
}

/** The flags of a line except its level. */
function flagsOf({ stateCount, wide }: SourceState): number {
  return (stateCount > 0 ? LINE_OVERWRITTEN : 0) | (wide ? LINE_WIDE : 0);
}

import { type Block, type BlockMark, LINE_OVERWRITTEN, LINE_WIDE, type Overwritten } from "./block.ts";
import { columnsOf } from "./columns.ts";
import { createEscapeReader } from "./escape-reader.ts";
import { type GroupMark, groupMarkOf, MARK_BYTES } from "./group-mark.ts";
import { createGrowing } from "./growing.ts";
import { findLevels } from "./level.ts";
import { applySgr, isRed, PLAIN, type StyleTable } from "./style.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const ESC = 0x1b;
const TAB = 0x09;
const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;
const DIGIT_ZERO = 0x30;
const SMALL_M = 0x6d;

/** Of how many parameter characters a style is read at once: 16 ** 12 is a number that is still exact. */
const SHORT_STYLE = 12;

/** Blocks are closed at the end of the line with which they reach so many bytes. */
const BLOCK_BYTES = 192 * 1024;
/** Earlier states of a line that wrote over itself: how many are kept, and how long each may be. */
const KEPT_STATES = 200;
const STATE_BYTES = 1_000;
/** As much of a line as a mark may take. */
const MARK_LENGTH = 400;
const TITLE_LENGTH = 200;
/** Of longer lines the beginning is measured, and the rest taken to be like it. */
const MEASURED = 64 * 1024;

/** Turns a log's bytes into blocks, however the bytes are cut. */
export interface Ingest {
  /**
   * @param firstLine the number of the line in which the bytes begin; 0 where that is not known.
   * @param source whose log it is. Lines of different sources may be cut into one another.
   */
  push(bytes: Uint8Array, firstLine: number, source: number): void;
  /** Whole lines since the last call. @param all also those of a block that is not full yet. */
  take(all: boolean): Block[];
  /** The line of the newest source that has not ended yet, as it is now. It comes again when more of it is there. */
  unfinished(): Block | undefined;
  /** No more comes: lines without a line feed end too. */
  end(): void;
}

/** What one source's log is in the middle of. */
interface Place {
  styleIndex: number;
  /** The style with which the line begins. */
  lineStyle: number;
  /** The number of the line that is being read. */
  number: number;
  inEscape: boolean;
  readonly escape: ReturnType<typeof createEscapeReader>;
  /** A carriage return came, and nothing after it yet. */
  returned: boolean;
  red: boolean;
  tabs: boolean;
  wide: boolean;
  marks: GroupMark[];
  states: string[];
  stateCount: number;
  /** Its line as far as it has come, while another source's is being read. */
  held: { readonly text: Uint8Array<ArrayBuffer>; readonly runs: Uint32Array<ArrayBuffer> } | undefined;
}

const DECODER = new TextDecoder();

export function createIngest(styles: StyleTable): Ingest {
  const text = createGrowing(Uint8Array, BLOCK_BYTES + 16 * 1024);
  const runs = createGrowing(Uint32Array, 4096);
  const offsets = createGrowing(Uint32Array, 2048);
  const numbers = createGrowing(Uint32Array, 2048);
  const columns = createGrowing(Uint32Array, 2048);
  const flags = createGrowing(Uint8Array, 2048);
  const sources = createGrowing(Uint8Array, 2048);
  const reds = createGrowing(Uint8Array, 2048);
  let marks: BlockMark[] = [];
  let overwritten: Overwritten[] = [];
  let closed: Block[] = [];
  const places = new Map<number, Place>();
  let current = 0;
  let place = placeOf(current);
  /** For each style, which style the parameters of a short sequence make of it. */
  const steps: Map<number, number>[] = [];
  let anyWide = false;
  /** Where the line that is being read begins, in the text and in the runs. */
  let lineStart = 0;
  let runStart = 0;

  function placeOf(source: number): Place {
    let known = places.get(source);
    if (known === undefined) {
      known = {
        ...{ styleIndex: 0, lineStyle: 0, number: 0, inEscape: false, escape: createEscapeReader(), returned: false },
        ...{ red: false, tabs: false, wide: false, marks: [], states: [], stateCount: 0, held: undefined },
      };
      places.set(source, known);
    }
    return known;
  }

  const switchTo = (source: number): void => {
    if (source === current) return;
    if (text.length > lineStart || place.stateCount > 0) {
      place.held = { text: text.slice(lineStart), runs: lineRuns() };
      text.length = lineStart;
      runs.length = runStart;
    }
    current = source;
    place = placeOf(source);
    if (place.held !== undefined) {
      text.append(place.held.text);
      runs.append(place.held.runs.map(relative(-lineStart)));
      place.held = undefined;
    } else ensureRun();
  };

  /** The runs of the line that is being read, counted from its beginning, where the first one stands. */
  const lineRuns = (): Uint32Array<ArrayBuffer> => {
    const own = runs.slice(runStart).map(relative(lineStart));
    return own[0] === 0 ? own : Uint32Array.of(0, place.lineStyle, ...own);
  };

  const beginRun = (): void => {
    if (runs.length > runStart && runs.data[runs.length - 2] === text.length) runs.length -= 2;
    runs.push(text.length);
    runs.push(place.styleIndex);
  };

  const ensureRun = (): void => {
    if ((runs.length === 0 ? 0 : runs.data[runs.length - 1]) !== place.styleIndex) beginRun();
  };

  /** The line is written anew: what it was is a state of the past. */
  const overwrite = (): void => {
    place.returned = false;
    if (text.length === lineStart) return;
    const before = DECODER.decode(text.data.subarray(lineStart, Math.min(text.length, lineStart + STATE_BYTES)));
    text.length = lineStart;
    runs.length = runStart;
    place.lineStyle = place.styleIndex;
    ensureRun();
    const mark = before.startsWith("section_") ? groupMarkOf(before) : undefined;
    if (mark !== undefined) {
      place.marks.push(mark);
      return;
    }
    place.stateCount += 1;
    if (place.states.length >= KEPT_STATES) place.states.shift();
    place.states.push(before);
  };

  const markOf = (start: number, end: number): GroupMark | undefined => {
    let at = start;
    // GitHub's own files begin each line with a time.
    if (text.data[start] === 0x32 && text.data[start + 10] === 0x54) {
      const space = text.data.indexOf(SPACE, start);
      if (space > 0 && space < start + 40) at = space + 1;
    }
    if (!MARK_BYTES.has(text.data[at] ?? 0)) return undefined;
    return groupMarkOf(DECODER.decode(text.data.subarray(at, Math.min(end, at + MARK_LENGTH))));
  };

  const endLine = (): void => {
    const end = text.length;
    const line = numbers.length;
    if (place.marks.length > 0) {
      const title = DECODER.decode(text.data.subarray(lineStart, Math.min(end, lineStart + TITLE_LENGTH))).trim();
      for (const mark of place.marks) marks.push({ ...mark, title: title || mark.title, line });
      place.marks = [];
    } else {
      const mark = markOf(lineStart, end);
      if (mark !== undefined) marks.push({ ...mark, line });
    }
    if (place.stateCount > 0) {
      overwritten.push({ line, states: place.states, count: place.stateCount });
      place.states = [];
    }
    offsets.push(lineStart);
    numbers.push(place.number);
    columns.push(place.tabs || place.wide ? measured(text.data.subarray(lineStart, end)) : end - lineStart);
    flags.push((place.stateCount > 0 ? LINE_OVERWRITTEN : 0) | (place.wide ? LINE_WIDE : 0));
    sources.push(current);
    anyWide ||= place.wide;
    reds.push(place.red ? 1 : 0);
    text.push(LINE_FEED);
    place.number += 1;
    lineStart = text.length;
    runStart = runs.length;
    resetLine();
    place.lineStyle = place.styleIndex;
    // Set behind a carriage return, it had no text to begin at.
    ensureRun();
    if (lineStart >= BLOCK_BYTES) close();
  };

  const resetLine = (): void => {
    place.returned = place.red = place.tabs = place.wide = false;
    place.stateCount = 0;
  };

  const close = (): void => {
    if (numbers.length > 0) closed.push(cutBlock());
  };

  /** All whole lines; the one that is being read stays. */
  const cutBlock = (): Block => {
    const restText = text.slice(lineStart);
    const restRuns = lineRuns();
    text.length = lineStart;
    runs.length = runStart;
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
    findLevels(block.text, block.offsets, reds.data.subarray(0, reds.length), anyWide, (line, level) => {
      block.flags[line] = (block.flags[line] ?? 0) | level;
    });
    for (const each of [text, runs, offsets, numbers, columns, flags, sources, reds]) each.length = 0;
    marks = [];
    overwritten = [];
    anyWide = false;
    lineStart = runStart = 0;
    text.append(restText);
    if (restText.length > 0) runs.append(restRuns);
    else ensureRun();
    return block;
  };

  const setStyle = (parameters: string): void => {
    const style = applySgr(styles.styles[place.styleIndex] ?? PLAIN, parameters);
    moveTo(styles.indexOf(style));
  };

  const moveTo = (styleIndex: number): void => {
    place.styleIndex = styleIndex;
    if (isRed(styles.styles[styleIndex] ?? PLAIN)) place.red = true;
    if (!place.returned) beginRun();
  };

  /** Reads a short style whole, which nearly all are; returns where it ends, or 0 where it is none. */
  const shortStyle = (bytes: Uint8Array, start: number): number => {
    if (bytes[start + 1] !== OPEN_BRACKET) return 0;
    let key = 0;
    let at = start + 2;
    for (const most = start + 2 + SHORT_STYLE; at < most; at += 1) {
      const digit = (bytes[at] ?? 0) - DIGIT_ZERO;
      if (digit < 0 || digit > 11) break;
      key = key * 16 + digit + 1;
    }
    if (bytes[at] !== SMALL_M) return 0;
    let known = steps[place.styleIndex];
    if (known === undefined) {
      known = new Map();
      steps[place.styleIndex] = known;
    }
    const next = known.get(key);
    if (next !== undefined) moveTo(next);
    else {
      setStyle(DECODER.decode(bytes.subarray(start + 2, at)));
      known.set(key, place.styleIndex);
    }
    return at;
  };

  const inEscape = (byte: number): boolean => {
    const came = place.escape.take(byte);
    if (came === "more") return true;
    place.inEscape = false;
    if (came === "style") setStyle(place.escape.parameters);
    else if (came === "restart") overwrite();
    return came !== "text";
  };

  return {
    push(bytes, firstLine, source) {
      switchTo(source);
      if (text.length === lineStart && place.stateCount === 0) place.number = firstLine || place.number || 1;
      const end = bytes.length;
      for (let at = 0; at < end; at += 1) {
        let byte = bytes[at] as number;
        if (place.inEscape && inEscape(byte)) continue;
        if (byte >= SPACE && !place.returned) {
          // The plain way: as far as nothing but text comes.
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
          if (wide > 0x7f) place.wide = true;
          if (at >= end) break;
        }
        if (byte === LINE_FEED) endLine();
        else if (byte === ESC) {
          const styleEnd = shortStyle(bytes, at);
          if (styleEnd > 0) at = styleEnd;
          else {
            place.inEscape = true;
            place.escape.begin();
          }
        } else if (byte === RETURN) place.returned = true;
        else {
          if (place.returned) overwrite();
          if (byte === TAB) place.tabs = true;
          // Control characters are shown as one column.
          if (byte > 0x7f) place.wide = true;
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
      if (text.length === lineStart && place.stateCount === 0) return undefined;
      // Of a line that goes on and on, the beginning: it comes again and again.
      const part = text.data.slice(lineStart, Math.min(text.length, lineStart + MEASURED));
      const own = new Uint8Array(part.length + 1);
      own.set(part);
      own[part.length] = LINE_FEED;
      const { number, red, wide, tabs, stateCount, states } = place;
      const size = wide || tabs ? measured(part) : part.length;
      const block: Block = {
        text: own,
        runs: lineRuns(),
        offsets: Uint32Array.of(0, own.length),
        numbers: Uint32Array.of(number),
        columns: Uint32Array.of(size),
        flags: Uint8Array.of((stateCount > 0 ? LINE_OVERWRITTEN : 0) | (wide ? LINE_WIDE : 0)),
        sources: Uint8Array.of(current),
        marks: [],
        overwritten: stateCount > 0 ? [{ line: 0, states: [...states], count: stateCount }] : [],
      };
      findLevels(own, block.offsets, Uint8Array.of(red ? 1 : 0), wide, (_, level) => {
        block.flags[0] = (block.flags[0] ?? 0) | level;
      });
      return block;
    },
    end() {
      for (const source of places.keys()) {
        switchTo(source);
        if (text.length > lineStart || place.stateCount > 0) endLine();
      }
    },
  };
}

function measured(line: Uint8Array): number {
  const columns = columnsOf(DECODER.decode(line.subarray(0, MEASURED)));
  return line.length <= MEASURED ? columns : Math.ceil((columns * line.length) / MEASURED);
}

/** Moves the positions of runs, which are every second number. */
function relative(start: number): (value: number, index: number) => number {
  return (value, index) => (index % 2 === 0 ? value - start : value);
}

import { LINE_FEED } from "./characters.ts";
import { stripEscapes, stripEscapesOnly } from "./escape-sequences.ts";
import { LineControls } from "./line-controls.ts";

const TAB = 0x09;
const SPACE = 0x20;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a line shows. */
export interface ShownLine {
  readonly text: Uint8Array;
  /** Whether more than half of its characters, blanks apart, are red. */
  readonly isRed: boolean;
}

/**
 * What the page shows of a line: its text without escape sequences and, if carriage returns or backspaces overwrite it,
 * in its last state. See {@link LineControls}.
 *
 * @param line without its line feed, or up to the first one.
 */
export function shownLine(line: Uint8Array): Uint8Array {
  return showLine(line).text;
}

/** What a line shows, and whether it is red. */
export function showLine(line: Uint8Array): ShownLine {
  const end = line.indexOf(LINE_FEED);
  SHOWER.take(end === -1 ? line : line.subarray(0, end));
  return SHOWER.end();
}

/**
 * The text of a line that patterns search: what it shows. Of an unterminated escape sequence, only the introducer is
 * removed, so that a search misses no text.
 *
 * @param line without its line feed.
 * @returns bytes that are valid up to the next call.
 */
export function searchedLine(line: Uint8Array): Uint8Array {
  if (scratch.length < line.length) scratch = new Uint8Array(2 * line.length);
  const length = stripEscapesOnly(line, scratch);
  if (length !== -1) return scratch.subarray(0, length);
  SHOWER.take(line);
  const hidesRest = SHOWER.isInString;
  const { text } = SHOWER.end();
  if (!hidesRest) return text;
  return scratch.subarray(0, stripEscapes(line, scratch));
}

/** What a line shows, as text. */
export interface ShownText {
  readonly text: string;
  readonly isRed: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** Parameters of styles that may be red. */
const MAY_BE_RED = /31|91|38[;:]5/;

/**
 * What a line shows, as text.
 *
 * @param line without its line feed.
 */
export function showText(line: string): ShownText {
  if (!hasControls(line)) return { text: line, isRed: false };
  // Most lines have only colours, or a carriage return at the end.
  const plain = (line.endsWith("\r") ? line.slice(0, -1) : line).replace(STYLE, "");
  if (!hasControls(plain) && !MAY_BE_RED.test(line)) return { text: plain, isRed: false };
  const { text, isRed } = showLine(ENCODER.encode(line));
  return { text: DECODER.decode(text), isRed };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these change what a line shows.
const CONTROLS = /[\x00\x08\x0d-\x0f\x1b]/;

/** Whether a text has characters that change what its lines show. */
export function hasControls(text: string): boolean {
  return CONTROLS.test(text);
}

/** Determines what lines show, one after another; each may come in pieces. */
export class LineShower {
  readonly #controls = new LineControls();
  readonly #limit: number;
  #shown = new Uint8Array(256);
  #length = 0;
  #isRed = false;
  #reds = 0;
  #characters = 0;

  /** @param limit bytes of a line's text to keep at most; NULs do not count. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the line ends inside an escape sequence that contains text. */
  get isInString(): boolean {
    return this.#controls.isInString;
  }

  /** Takes more of a line, without its line feed. */
  take(bytes: Uint8Array): void {
    const controls = this.#controls;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if ((byte >= SPACE || byte === TAB) && !controls.isInSequence) {
        if (controls.isPending) this.#settle();
        this.#append(byte);
        continue;
      }
      const act = controls.take(byte);
      if (act === "text") {
        if (controls.isPending) this.#settle();
        this.#append(byte);
      } else if (act === "clear") this.#clear();
      else if (act === "style") this.#isRed = redAfter(controls.parameters, this.#isRed);
    }
  }

  /** Ends the line, and returns it. A colour that is still set does not count for the next line. */
  end(): ShownLine {
    if (this.#controls.take(LINE_FEED) === "end" && this.#controls.isPending) this.#settle();
    const line = { text: this.#shown.slice(0, this.#length), isRed: this.#reds * 2 > this.#characters };
    this.#clear();
    this.#isRed = false;
    return line;
  }

  #settle(): void {
    const { clears, erased, nuls } = this.#controls;
    this.#controls.settle();
    if (clears) this.#clear();
    if (erased > 0) this.#length = erasedLength(this.#shown, this.#length, erased);
    for (const byte of ENCODER.encode(nuls)) this.#append(byte);
  }

  #clear(): void {
    this.#length = this.#reds = this.#characters = 0;
  }

  #append(byte: number): void {
    if (this.#length >= this.#limit) return;
    if (this.#length === this.#shown.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#shown);
      this.#shown = larger;
    }
    this.#shown[this.#length] = byte;
    this.#length += 1;
    if (byte <= SPACE || (byte & 0xc0) === 0x80) return;
    this.#characters += 1;
    if (this.#isRed) this.#reds += 1;
  }
}

/**
 * The length of a line of UTF-8 without its last characters.
 *
 * @param start where the line begins. Default: 0.
 */
export function erasedLength(line: Uint8Array, length: number, characters: number, start = 0): number {
  let end = length;
  for (let left = characters; left > 0 && end > start; left -= 1) {
    end -= 1;
    while (end > start && ((line[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  }
  return end;
}

/**
 * Whether text is red after a style: of the 16 colours, or of the 256
 * (https://en.wikipedia.org/wiki/ANSI_escape_code#Colors).
 */
function redAfter(parameters: string, before: boolean): boolean {
  let isRed = before;
  const codes = parameters.split(/[;:]/);
  for (let at = 0; at < codes.length; at += 1) {
    const code = Number(codes[at]);
    if (code === 38 || code === 48) {
      if (code === 38) isRed = codes[at + 1] === "5" && /^(?:1|9|160|196)$/.test(codes[at + 2] ?? "");
      at += codes[at + 1] === "5" ? 2 : 4;
    } else if (code === 31 || code === 91) isRed = true;
    else if (code === 0 || (code >= 30 && code <= 39) || (code >= 90 && code <= 97)) isRed = false;
  }
  return isRed;
}

let scratch = new Uint8Array(1024);
const SHOWER = new LineShower(Number.POSITIVE_INFINITY);

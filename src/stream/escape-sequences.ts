// Also runs in browsers: no node: imports and no Buffer. It is in stream/, which imports no other folder, because
// server, client, CLI and page all parse escape sequences.
import { LINE_FEED } from "./characters.ts";

export const ESCAPE = 0x1b;
const BELL = 0x07;
const TAB = 0x09;
const RETURN = 0x0d;
const SHIFT_IN = 0x0f;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;

/** No terminal supports more: a longer sequence sets no style. */
const MAX_PARAMETERS = 128;

/** The meaning of a byte in an escape sequence. */
export type EscapeByte =
  /** It belongs to the sequence, which continues. */
  | "more"
  /** It ended a sequence without effect on a log: cursor movement, title, link, clipboard. */
  | "nothing"
  /** It ended a sequence that sets a style; see `parameters`. */
  | "style"
  /** It ended a sequence that moves to the beginning of the line, or clears the line. */
  | "restart"
  /** It does not belong to the sequence, which is dropped: the byte is text. */
  | "text";

/**
 * Parses escape sequences (ECMA-48) byte by byte, so that they may be cut anywhere: CSI (colours, cursor movements),
 * OSC and other strings (titles, links), and sequences of two or three characters. Also accepts UTF-16 code units as
 * bytes.
 */
export class EscapeReader {
  #state: "start" | "csi" | "string" | "string-escape" | "intermediate" = "start";
  #parameters = "";
  #isTooLong = false;
  #hasRestarted = false;

  /** The text between `ESC [` and the last byte of the sequence that ended. */
  get parameters(): string {
    return this.#parameters;
  }

  /** Whether it is inside a string (OSC, DCS, SOS, PM or APC). */
  get isInString(): boolean {
    return this.#state === "string" || this.#state === "string-escape";
  }

  /** Whether the sequence has ended, and moves to the beginning of the line or clears it. */
  get hasRestarted(): boolean {
    return this.#hasRestarted;
  }

  /** Starts after an escape character. */
  begin(): void {
    this.#state = "start";
    this.#parameters = "";
    this.#isTooLong = false;
    this.#hasRestarted = false;
  }

  take(byte: number): EscapeByte {
    if (byte === CANCEL || byte === SUBSTITUTE) return "nothing";
    switch (this.#state) {
      case "start":
        return this.#takeFirst(byte);
      case "csi":
        return this.#takeInCsi(byte);
      case "intermediate":
        if (byte >= 0x20 && byte <= 0x2f) return "more";
        return byte < 0x20 || byte > 0x7e ? "text" : "nothing";
      case "string":
      case "string-escape":
        return this.#takeInString(byte);
    }
  }

  #takeFirst(byte: number): EscapeByte {
    if (byte === 0x5b) this.#state = "csi";
    // OSC, DCS, SOS, PM and APC: a string up to its terminator.
    else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#state = "string";
    // Such as a character set: one more byte follows.
    else if (byte >= 0x20 && byte <= 0x2f) this.#state = "intermediate";
    else if (byte !== ESCAPE) return byte < 0x20 || byte > 0x7e ? "text" : "nothing";
    return "more";
  }

  #takeInCsi(byte: number): EscapeByte {
    if (byte >= 0x20 && byte <= 0x3f) {
      if (this.#parameters.length < MAX_PARAMETERS) this.#parameters += String.fromCharCode(byte);
      else this.#isTooLong = true;
      return "more";
    }
    if (byte === ESCAPE) {
      this.begin();
      return "more";
    }
    if (byte < 0x40 || byte > 0x7e) return "text";
    if (this.#isTooLong) return "nothing";
    if (byte === 0x6d) return /^[\d;:]*$/.test(this.#parameters) ? "style" : "nothing";
    const toFirstColumn = byte === 0x47 && /^[01]?$/.test(this.#parameters);
    const clearsLine = byte === 0x4b && this.#parameters === "2";
    this.#hasRestarted = toFirstColumn || clearsLine;
    return this.#hasRestarted ? "restart" : "nothing";
  }

  #takeInString(byte: number): EscapeByte {
    // An unterminated string ends with its line.
    if (byte === LINE_FEED) return "text";
    const isEscaped = this.#state === "string-escape";
    if (byte === BELL || (isEscaped && byte === 0x5c)) return "nothing";
    if (isEscaped && byte !== ESCAPE) {
      this.begin();
      return this.#takeFirst(byte);
    }
    this.#state = byte === ESCAPE ? "string-escape" : "string";
    return "more";
  }
}

const READER = new EscapeReader();

/**
 * Copies a line without its escape sequences. Of an incomplete sequence, only the introducer is omitted, so that a
 * search misses no text.
 *
 * @param into at least as long as the line.
 * @returns how many bytes were copied.
 */
export function stripEscapes(line: Uint8Array, into: Uint8Array): number {
  return copyWithoutEscapes(line, into, false);
}

/**
 * Copies a line without its escape sequences, as `stripEscapes`, where these are all that changes what it shows.
 *
 * @returns how many bytes were copied; -1 if a sequence or a control character overwrites text, or shifts.
 */
export function stripEscapesOnly(line: Uint8Array, into: Uint8Array): number {
  return copyWithoutEscapes(line, into, true);
}

function copyWithoutEscapes(line: Uint8Array, into: Uint8Array, onlyEscapes: boolean): number {
  let length = 0;
  for (let at = 0; at < line.length; ) {
    const byte = line[at] ?? 0;
    if (byte === ESCAPE) {
      at = sequenceEnd(line, at);
      if (onlyEscapes && READER.hasRestarted) return -1;
    } else if (onlyEscapes && byte <= SHIFT_IN && byte !== TAB) {
      // One carriage return before the line feed is none.
      if (byte !== RETURN || at + 1 < line.length) return -1;
      at += 1;
    } else {
      into[length] = byte;
      length += 1;
      at += 1;
    }
  }
  return length;
}

/** The end of the escape sequence that begins at `start`. */
function sequenceEnd(line: Uint8Array, start: number): number {
  READER.begin();
  for (let at = start + 1; at < line.length; at += 1) {
    const byte = line[at] ?? 0;
    // Another sequence begins. A string is never scanned past it, so each byte is scanned at most twice.
    if (byte === ESCAPE && !(READER.isInString && line[at + 1] === 0x5c)) return READER.isInString ? start + 2 : at;
    const came = READER.take(byte);
    if (came === "more") continue;
    return came === "text" ? (READER.isInString ? start + 2 : at) : at + 1;
  }
  return READER.isInString ? start + 2 : line.length;
}

const ESC = 0x1b;
const BEL = 0x07;
const LINE_FEED = 0x0a;

/** Longer ones are no escape sequences that anybody means. */
const LONGEST = 128;

/** What came of a byte inside an escape sequence. */
export type Escape =
  /** It belongs to the sequence. */
  | "more"
  /** It ended a sequence of no effect on a log: a cursor moved, a title, a link, a clipboard written. */
  | "nothing"
  /** It ended one that sets a style; see `parameters`. */
  | "style"
  /** It ended one that goes back to the beginning of the line, or clears it. */
  | "restart"
  /** It is none of a sequence, which is dropped: the byte is text. */
  | "text";

/** Reads escape sequences (ECMA-48) byte by byte, so that they may be cut anywhere. */
export interface EscapeReader {
  /** What stands between `ESC [` and the last byte of the sequence that ended. */
  readonly parameters: string;
  /** Begins behind an ESC. */
  begin(): void;
  take(byte: number): Escape;
}

type State = "start" | "csi" | "string" | "string-esc" | "one";

export function createEscapeReader(): EscapeReader {
  let state: State = "start";
  let parameters = "";
  let length = 0;

  const begun = (byte: number): Escape => {
    if (byte === 0x5b) state = "csi";
    // OSC, DCS, SOS, PM and APC: a string up to its terminator.
    else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) state = "string";
    // Intermediate bytes, as of a character set, stand before one more.
    else if (byte >= 0x20 && byte <= 0x2f) state = "one";
    else if (byte === ESC) state = "start";
    else return byte < 0x20 || byte > 0x7e ? "text" : "nothing";
    return "more";
  };

  const inCsi = (byte: number): Escape => {
    if (byte >= 0x20 && byte <= 0x3f) {
      parameters += String.fromCharCode(byte);
      return parameters.length > LONGEST ? "text" : "more";
    }
    if (byte === ESC) {
      restart();
      return "more";
    }
    if (byte < 0x40 || byte > 0x7e) return "text";
    if (byte === 0x6d) return /^[\d;:]*$/.test(parameters) ? "style" : "nothing";
    const toFirstColumn = byte === 0x47 && /^[01]?$/.test(parameters);
    const clearsLine = byte === 0x4b && parameters === "2";
    return toFirstColumn || clearsLine ? "restart" : "nothing";
  };

  const restart = (): void => {
    state = "start";
    parameters = "";
    length = 0;
  };

  return {
    get parameters() {
      return parameters;
    },
    begin: restart,
    take(byte) {
      if (state === "start") return begun(byte);
      if (state === "csi") return inCsi(byte);
      if (state === "one") return byte >= 0x20 && byte <= 0x2f ? "more" : byte < 0x20 ? "text" : "nothing";
      // A string that nobody ends must not swallow the log.
      length += 1;
      if (byte === LINE_FEED) return "text";
      if (byte === BEL || (state === "string-esc" && byte === 0x5c)) return "nothing";
      if (state === "string-esc" && byte !== ESC) {
        restart();
        return begun(byte);
      }
      state = byte === ESC ? "string-esc" : "string";
      return length > LONGEST * 64 ? "text" : "more";
    },
  };
}

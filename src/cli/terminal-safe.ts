type State = "text" | "escape" | "csi" | "string";

const ESC = "\x1b";
/** Characters of a sequence that sets a style: more than any terminal's parameters need. */
const MAX_STYLE_LENGTH = 64;
/** Characters of a line that are held back because a carriage return may overwrite them. */
const MAX_HELD = 64 * 1024;
/** Characters that are kept of the styles that a line's earlier states have set. */
const MAX_STYLES_LENGTH = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what to look for.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** Makes a terminal return to the beginning of its line and erase it. */
export const ERASE_LINE = `\r${ESC}[K`;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT[\d:.]+Z /;

/** Makes a log safe for a terminal, piece by piece. */
export interface TerminalFilter {
  write(piece: Uint8Array): string;
  /** Returns what is still held back at the end of the log. */
  end(): string;
}

export interface TerminalFilterOptions {
  /** Whether to keep colours and styles. */
  readonly colors: boolean;
  /**
   * Whether the log goes to a terminal as it arrives: nothing is held back, and overwritten text is erased there
   * ({@link ERASE_LINE}). Default: no.
   */
  readonly live?: boolean;
  /** Whether each line begins with a time, which stays when a carriage return clears the rest. Default: no. */
  readonly timestamps?: boolean;
}

/**
 * Removes from a log what could harm a terminal. Of all escape sequences at most those that set colours and styles
 * (SGR) are kept; titles, clipboard writes, links, cursor moves and C1 controls are removed, and so are other control
 * characters except tab and line feed. A line that carriage returns overwrite, such as a progress bar, is reduced to
 * its last state.
 *
 * Input is UTF-8, and may be cut anywhere within a sequence or character. A line feed ends every sequence, so that an
 * unterminated one hides only the rest of its line. A line is returned once it has ended, except with `live`; one
 * longer than 64 KiB is returned earlier, and each further state of it becomes a line.
 */
export function createTerminalFilter({
  colors,
  live = false,
  timestamps = false,
}: TerminalFilterOptions): TerminalFilter {
  // Invalid bytes become U+FFFD: on their own, some of them are controls to old terminals.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let state: State = "text";
  let sequence = "";
  let afterReturn = false;
  /** What the line shows so far; when live, its first characters. */
  let held = "";
  /** Styles that earlier states of the line have set. */
  let styles = "";
  /** Whether the beginning of the line has been returned already. */
  let spilled = false;
  let out = "";

  /** Takes a character of an escape sequence. Returns what is kept, or `undefined` if the character is text again. */
  const swallow = (char: string): string | undefined => {
    if (char === ESC) {
      state = "escape";
      return "";
    }
    switch (state) {
      case "string":
        if (char === "\n") break;
        if (char === "\x07" || char === "\x18" || char === "\x1a") state = "text";
        return "";
      case "escape":
        if (char < " " || char > "~") break;
        sequence = "";
        if (char === "[") state = "csi";
        else if ("]PX^_".includes(char)) state = "string";
        else if (char > "/") state = "text";
        return "";
      default:
        if (char < " " || char > "~") break;
        if (char < "@") {
          if (sequence.length <= MAX_STYLE_LENGTH) sequence += char;
          return "";
        }
        state = "text";
        return char === "m" && sequence.length <= MAX_STYLE_LENGTH && /^[0-9:;]*$/.test(sequence)
          ? `${ESC}[${sequence}m`
          : "";
    }
    state = "text";
    return undefined;
  };

  const release = (): void => {
    out += styles + held;
    styles = "";
    held = "";
  };

  /** What follows overwrites the line. */
  const returnToStart = (): void => {
    if (live) {
      held = timestamps ? (TIMESTAMP.exec(held)?.[0] ?? "") : "";
      out += ERASE_LINE + held;
      return;
    }
    if (spilled) {
      release();
      out += "\n";
      spilled = false;
      return;
    }
    const set = (styles + held).match(STYLE)?.join("") ?? "";
    styles = set.length > MAX_STYLES_LENGTH ? `${ESC}[0m` : set;
    held = timestamps ? (TIMESTAMP.exec(held)?.[0] ?? "") : "";
  };

  /** Takes text without control characters except tabs and line feeds. */
  const addText = (text: string): void => {
    if (afterReturn && !text.startsWith("\n")) returnToStart();
    afterReturn = false;
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) {
      if (live) held = "";
      else release();
      out += text.slice(0, end);
      spilled = false;
    }
    hold(text.slice(end));
  };

  const hold = (text: string): void => {
    if (live) {
      out += text;
      if (held.length < MAX_STYLE_LENGTH) held += text;
      return;
    }
    held += text;
    if (held.length <= MAX_HELD) return;
    release();
    spilled = true;
  };

  const take = (text: string): string => {
    out = "";
    for (let at = 0; at < text.length; ) {
      if (state === "text") {
        CONTROL.lastIndex = at;
        const stop = CONTROL.exec(text)?.index ?? text.length;
        if (stop > at) addText(text.slice(at, stop));
        if (text[stop] === ESC) state = "escape";
        else if (text[stop] === "\r") afterReturn = true;
        at = stop + 1;
        continue;
      }
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
      const left = swallow(char);
      if (left === undefined) continue;
      if (colors) hold(left);
      at += char.length;
    }
    return out;
  };

  return {
    write: (piece) => take(decoder.decode(piece, { stream: true })),
    end() {
      take(decoder.decode());
      if (!live) release();
      return out;
    },
  };
}

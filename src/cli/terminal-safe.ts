import { LINE_FEED } from "../stream/characters.ts";
import { LineControls } from "../stream/line-controls.ts";

const ESC = "\x1b";
/** How much of a line is kept when it is shown live: the length of a time. */
const LIVE_HELD = 64;
/** The maximum length of a line that is held back in case a carriage return overwrites it. */
const MAX_HELD = 64 * 1024;
/** The maximum length of the styles that are kept from a line's earlier states. */
const MAX_STYLES_LENGTH = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds these.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** Makes a terminal return to the beginning of its line and erase it. */
export const ERASE_LINE = `\r${ESC}[K`;
/** Makes a terminal erase what is behind the cursor. */
const ERASE_REST = `${ESC}[K`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE_AT_END = /\x1b\[[0-9:;]*m$/;
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
 * characters except tab and line feed. A line that carriage returns or backspaces overwrite, such as a progress bar, is
 * reduced to its last state, as the page shows it: see `LineControls`.
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
  // Invalid bytes become U+FFFD: unchanged, some of them are control characters to old terminals.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const controls = new LineControls();
  /** What the line shows so far; when live, its first characters. */
  let held = "";
  /** Styles that earlier states of the line have set. */
  let styles = "";
  /** When live: how many characters the line has. */
  let length = 0;
  /** Whether the beginning of the line has been returned already. */
  let spilled = false;
  let out = "";

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
      length = held.length;
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

  /** What follows overwrites the line's last characters. */
  const eraseLast = (characters: number): void => {
    const kept = timestamps ? (TIMESTAMP.exec(held)?.[0].length ?? 0) : 0;
    if (!live) {
      held = withoutLast(held, characters, kept);
      return;
    }
    const count = Math.min(characters, Math.max(0, length - kept));
    out += "\b".repeat(count) + ERASE_REST;
    length -= count;
  };

  /** Does what has to come before more text. */
  const settle = (): void => {
    const { clears, erased } = controls;
    const nuls = controls.nuls.replaceAll("\0", "");
    controls.settle();
    if (clears) returnToStart();
    if (erased > 0) eraseLast(erased);
    if (nuls !== "") hold(nuls);
  };

  /** Takes text without control characters except tabs and line feeds. */
  const addText = (text: string): void => {
    if (text.startsWith("\n")) controls.take(LINE_FEED);
    if (controls.isPending) settle();
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) {
      if (live) held = "";
      else release();
      out += text.slice(0, end);
      length = 0;
      spilled = false;
    }
    hold(text.slice(end));
  };

  const hold = (text: string): void => {
    if (live) {
      out += text;
      length += [...text.replace(STYLE, "")].length;
      if (held.length < LIVE_HELD) held += text;
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
      const isInSequence = controls.isInSequence;
      if (!isInSequence) {
        CONTROL.lastIndex = at;
        const stop = CONTROL.exec(text)?.index ?? text.length;
        if (stop > at) addText(text.slice(at, stop));
        at = stop;
        if (at === text.length) break;
      }
      const act = controls.take(text.charCodeAt(at));
      // What does not belong to a sequence is looked at again: it may be half of a character.
      if (isInSequence && (act === "text" || act === "end")) continue;
      at += 1;
      if (act === "style" && colors) hold(`${ESC}[${controls.parameters}m`);
      else if (act === "clear") returnToStart();
    }
    return out;
  };

  return {
    write: (piece) => take(decoder.decode(piece, { stream: true })),
    end() {
      take(decoder.decode());
      controls.take(LINE_FEED);
      if (controls.isPending) settle();
      if (!live) release();
      return out;
    },
  };
}

/** A line without its last characters, but with its styles, and with what is kept at its beginning. */
function withoutLast(line: string, characters: number, kept: number): string {
  let end = line.length;
  let styles = "";
  for (let left = characters; end > kept; ) {
    const style = line[end - 1] === "m" ? STYLE_AT_END.exec(line.slice(Math.max(kept, end - 200), end)) : null;
    if (style !== null) {
      styles = style[0] + styles;
      end -= style[0].length;
      continue;
    }
    if (left === 0) break;
    left -= 1;
    end -= isLowSurrogate(line.charCodeAt(end - 1)) && end - 2 >= kept ? 2 : 1;
  }
  return line.slice(0, end) + styles;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

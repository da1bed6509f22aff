import { EscapeReader } from "../stream/escape-sequences.ts";

const ESC = "\x1b";
/** How much of a line is kept when it is shown live: as much as a time takes. */
const LIVE_HELD = 64;
/** How much of a line is held back at most until it is known whether a carriage return does away with it. */
const MOST_HELD = 64 * 1024;
/** How much is kept of the styles that a line's earlier states have set. */
const MOST_STYLES = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what to look for.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with one.
const STYLE = /\x1b\[[0-9:;]*m/g;
/** Takes a terminal back to the beginning of a line that is empty then. */
export const ERASE_LINE = `\r${ESC}[K`;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT[\d:.]+Z /;

/** Makes a log harmless, piece by piece. */
export interface TerminalFilter {
  write(piece: Uint8Array): string;
  /** What is still held back when the log has ended. */
  end(): string;
}

export interface TerminalFilterOptions {
  /** Whether colours and styles stay. */
  readonly colors: boolean;
  /**
   * Whether a terminal shows it as it comes: then nothing is held back, and what is written over is erased there
   * ({@link ERASE_LINE}). Default: no.
   */
  readonly live?: boolean;
  /** Whether each line begins with a time, which stays when a carriage return does away with the rest. Default: no. */
  readonly timestamps?: boolean;
}

/**
 * Makes what a log may do to a terminal harmless: of all escape sequences at most those that set colours and styles
 * (SGR) are left. Titles, clipboard writes, links, cursor moves and
 * the C1 controls are taken out; so are other controls but tab and line feed. Of a line that carriage returns write
 * over, as progress bars do, the last state is left.
 *
 * Works on UTF-8: a sequence, or a character, may be cut anywhere. A line feed ends every sequence, so that an
 * unfinished one hides no more than its line. A line comes when it
 * has ended, unless a terminal shows it live; one longer than 64 KiB comes earlier, and each of its further states
 * becomes a line.
 */
export function createTerminalFilter({
  colors,
  live = false,
  timestamps = false,
}: TerminalFilterOptions): TerminalFilter {
  // Bytes that are no text become U+FFFD: alone, some of them are controls to old terminals.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const sequence = new EscapeReader();
  let inSequence = false;
  let afterReturn = false;
  /** What the line shows so far; when live, its first characters. */
  let held = "";
  /** Styles that earlier states of the line have set. */
  let styles = "";
  /** Whether the line's beginning is out already. */
  let spilled = false;
  let out = "";

  const release = (): void => {
    out += styles + held;
    styles = "";
    held = "";
  };

  /** The line is written anew from its beginning. */
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
    styles = set.length > MOST_STYLES ? `${ESC}[0m` : set;
    held = timestamps ? (TIMESTAMP.exec(held)?.[0] ?? "") : "";
  };

  /** Takes text without controls but tabs and line feeds. */
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
      if (held.length < LIVE_HELD) held += text;
      return;
    }
    held += text;
    if (held.length <= MOST_HELD) return;
    release();
    spilled = true;
  };

  const take = (text: string): string => {
    out = "";
    for (let at = 0; at < text.length; ) {
      if (!inSequence) {
        CONTROL.lastIndex = at;
        const stop = CONTROL.exec(text)?.index ?? text.length;
        if (stop > at) addText(text.slice(at, stop));
        if (text[stop] === ESC) {
          inSequence = true;
          sequence.begin();
        } else if (text[stop] === "\r") afterReturn = true;
        at = stop + 1;
        continue;
      }
      const came = sequence.take(text.charCodeAt(at));
      if (came !== "text") at += 1;
      if (came === "style" && colors) hold(`${ESC}[${sequence.parameters}m`);
      inSequence = came === "more";
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

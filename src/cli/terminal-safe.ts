type State = "text" | "escape" | "csi" | "string";

const ESC = "\x1b";
/** The longest sequence that sets a style: more parameters than any terminal knows. */
const LONGEST_STYLE = 64;

/**
 * Makes what a log may do to a terminal harmless: of all escape sequences only those that set colours and styles (SGR) are left. Titles, clipboard writes, links, cursor moves and
 * the C1 controls are taken out; so are other controls but tab and line feed. A carriage return that no line feed follows would let a later text hide an earlier one: it becomes a
 * line feed.
 *
 * Works on UTF-8, piece by piece: a sequence, or a character, may be cut anywhere. A line feed ends every sequence, so that an unfinished one hides no more than its line.
 */
export function createTerminalFilter(): (piece: Uint8Array) => Uint8Array {
  // Bytes that are no text become U+FFFD: alone, some of them are controls to old terminals.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let state: State = "text";
  let sequence = "";
  let afterReturn = false;

  /** Takes a character that belongs to an escape sequence; returns what is left of the sequence, or `undefined` where the character ends it as text. */
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
          if (sequence.length <= LONGEST_STYLE) sequence += char;
          return "";
        }
        state = "text";
        return char === "m" && sequence.length <= LONGEST_STYLE && /^[0-9:;]*$/.test(sequence)
          ? `${ESC}[${sequence}m`
          : "";
    }
    state = "text";
    return undefined;
  };

  const keep = (char: string): string => {
    if (char === ESC) state = "escape";
    else if (char === "\r") afterReturn = true;
    else if (char === "\t" || char === "\n" || !isControl(char)) return char;
    return "";
  };

  return (piece) => {
    let out = "";
    for (const char of decoder.decode(piece, { stream: true })) {
      const swallowed = state === "text" ? undefined : swallow(char);
      if (swallowed !== undefined) {
        out += swallowed;
        continue;
      }
      if (afterReturn) {
        afterReturn = false;
        out += "\n";
        if (char === "\n") continue;
      }
      out += keep(char);
    }
    return Buffer.from(out);
  };
}

function isControl(char: string): boolean {
  return char < " " || (char >= "\x7f" && char <= "\x9f");
}

/** A part of a text: as it is, or the name of a character that would not be seen or would turn what is. */
export interface VisiblePart {
  readonly text: string;
  /** Set for a character that is shown by its name. */
  readonly name?: string;
}

/** Controls of direction, which can make a line look like another one (https://trojansource.codes). */
const BIDI = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const CONTROLS = "\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f";
/** What takes no room, or looks like a space: joiners stay, since scripts and emoji need them. */
const UNSEEN =
  "\\u00ad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e\\u200b\\u2028\\u2029\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb";
/** Tags spell regions of flags behind a black flag, and hidden texts elsewhere. */
const FLAG = "\\u{1f3f4}[\\u{e0020}-\\u{e007f}]+";
const PATTERN = new RegExp(`${FLAG}|[${BIDI}${CONTROLS}${UNSEEN}\\u{e0000}-\\u{e007f}]`, "gu");
const BIDI_PATTERN = new RegExp(`[${BIDI}]`, "gu");

/** Cuts a text where something in it has to be shown by its name. */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = [];
  let from = 0;
  for (const match of text.matchAll(PATTERN)) {
    if (match[0].length > 2) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: match[0], name: nameOf(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** A text that shows where it turns its direction, for where it goes. */
export function withoutBidi(text: string): string {
  return text.replace(BIDI_PATTERN, nameOf);
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has pictures of the controls that everybody knows.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

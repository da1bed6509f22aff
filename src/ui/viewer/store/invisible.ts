/** A part of a text: either plain, or the name of a character that would be invisible or misleading. */
export interface VisiblePart {
  readonly text: string;
  /** Set for a character that is shown by name. */
  readonly name?: string;
}

/** Bidirectional controls, which can make a line look like another (https://trojansource.codes). */
const BIDI = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const CONTROLS = "\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f";
/** Invisible characters, or ones that look like a space. Joiners are excluded, since scripts and emoji need them. */
const UNSEEN =
  "\\u00ad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e\\u200b\\u2028\\u2029\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb";
/** Tags encode regional flags after a black flag, and hidden text elsewhere. */
const FLAG = "\\u{1f3f4}[\\u{e0020}-\\u{e007f}]+";
const PATTERN = new RegExp(`${FLAG}|[${BIDI}${CONTROLS}${UNSEEN}\\u{e0000}-\\u{e007f}]`, "gu");
const BIDI_PATTERN = new RegExp(`[${BIDI}]`, "gu");

/** Splits a text around characters that have to be shown by name. */
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

/** Makes bidirectional controls visible in a text that is copied. */
export function withoutBidi(text: string): string {
  return text.replace(BIDI_PATTERN, nameOf);
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has symbols for the ASCII controls.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

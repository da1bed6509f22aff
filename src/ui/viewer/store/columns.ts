/** Columns from one tab stop to the next. */
const TAB = 8;
const TAB_CODE = 9;
const JOINER = 0x200d;
/** Asks for a character to be drawn as an emoji, which is two columns wide: https://www.unicode.org/reports/tr11/#ED4. */
const EMOJI_STYLE = 0xfe0f;

/** Characters of width 0: combining marks and the like. */
const NONE = /^(?:\p{Mn}|\p{Me}|\u200b|\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]|\p{Emoji_Modifier})$/u;
/** Characters of width 2: Unicode's East Asian Width W and F in broad ranges, and emoji presentation. */
const TWO =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u;

/** Cached widths of the basic plane, plus one; 0: not cached. */
const KNOWN = new Uint8Array(0x10000);

function columnsOfCode(code: number): number {
  const known = code < 0x10000 ? (KNOWN[code] ?? 0) : 0;
  if (known > 0) return known - 1;
  const character = String.fromCodePoint(code);
  const columns = NONE.test(character) ? 0 : TWO.test(character) ? 2 : 1;
  if (code < 0x10000) KNOWN[code] = columns + 1;
  return columns;
}

/** The width of a text in columns of a fixed-width font. What a joiner attaches to an emoji has no width. */
export function columnsOf(text: string): number {
  let columns = 0;
  let joined = false;
  /** The width of the last character that has one. */
  let last = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) at += 1;
    if (code < 0x300) {
      columns += code === TAB_CODE ? TAB - (columns % TAB) : 1;
      last = 1;
    } else if (code === EMOJI_STYLE) {
      if (last === 1) columns += 1;
      last = 2;
    } else if (code !== JOINER && !joined) {
      const own = columnsOfCode(code);
      columns += own;
      if (own > 0) last = own;
    }
    joined = code === JOINER;
  }
  return columns;
}

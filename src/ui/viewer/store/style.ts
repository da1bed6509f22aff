/** The attributes of a style, one bit each. */
export const BOLD = 1;
export const FAINT = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const INVERSE = 16;
export const STRUCK = 32;
export const CONCEALED = 64;

/** The default colour. */
export const NO_COLOUR = -1;
/** Added to a 24-bit colour; smaller numbers are indices into the palette of 256. */
export const RGB = 0x1000000;

/** A text style that escape sequences set. */
export interface Style {
  readonly foreground: number;
  readonly background: number;
  readonly attributes: number;
}

export const PLAIN: Style = { foreground: NO_COLOUR, background: NO_COLOUR, attributes: 0 };

/** The attributes that a parameter turns on, and off. */
const ON: Readonly<Record<number, number>> = {
  1: BOLD,
  2: FAINT,
  3: ITALIC,
  4: UNDERLINE,
  7: INVERSE,
  8: CONCEALED,
  9: STRUCK,
  21: UNDERLINE,
};
const OFF: Readonly<Record<number, number>> = {
  22: BOLD | FAINT,
  23: ITALIC,
  24: UNDERLINE,
  27: INVERSE,
  28: CONCEALED,
  29: STRUCK,
};

/**
 * The style after "select graphic rendition" (ECMA-48, 8.3.117) with these parameters.
 *
 * @param parameters the text between `ESC [` and `m`.
 */
export function applySgr(style: Style, parameters: string): Style {
  if (parameters === "" || parameters === "0") return PLAIN;
  let { foreground, background, attributes } = style;
  const groups = parameters.split(";").map((group) => group.split(":").map(Number));
  for (let at = 0; at < groups.length; at += 1) {
    const [code = 0, ...sub] = groups[at] ?? [];
    if (code === 0) [foreground, background, attributes] = [NO_COLOUR, NO_COLOUR, 0];
    // With a zero after the colon: no underline.
    else if (code === 4 && sub[0] === 0) attributes &= ~UNDERLINE;
    else if (ON[code] !== undefined) attributes |= ON[code];
    else if (OFF[code] !== undefined) attributes &= ~OFF[code];
    else if (code >= 30 && code <= 37) foreground = code - 30;
    else if (code >= 90 && code <= 97) foreground = code - 82;
    else if (code >= 40 && code <= 47) background = code - 40;
    else if (code >= 100 && code <= 107) background = code - 92;
    else if (code === 39) foreground = NO_COLOUR;
    else if (code === 49) background = NO_COLOUR;
    else if (code === 38 || code === 48) {
      const rest = sub.length > 0 ? sub : groups.slice(at + 1, at + 5).map(([value = 0]) => value);
      const { colour, used } = extendedColour(rest, sub.length > 0);
      if (sub.length === 0) at += used;
      if (colour !== undefined) {
        if (code === 38) foreground = colour;
        else background = colour;
      }
    }
  }
  return { foreground, background, attributes };
}

/** `5;n` or `2;r;g;b`; with colons, a colour space may come before red. */
function extendedColour(
  rest: readonly number[],
  colons: boolean,
): { readonly colour: number | undefined; readonly used: number } {
  const [kind] = rest;
  if (kind === 5) return { colour: inByte(rest[1]) ? rest[1] : undefined, used: 2 };
  if (kind !== 2) return { colour: undefined, used: 1 };
  const [red, green, blue] = colons && rest.length > 4 ? rest.slice(2) : rest.slice(1);
  if (!inByte(red) || !inByte(green) || !inByte(blue)) return { colour: undefined, used: 4 };
  return { colour: RGB + red * 0x10000 + green * 0x100 + blue, used: 4 };
}

function inByte(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= 255 && Number.isInteger(value);
}

/** Whether a style is red, which marks an error in programs that write no level. */
export function isRed({ foreground }: Style): boolean {
  return foreground === 1 || foreground === 9 || foreground === 160 || foreground === 196;
}

/** Assigns a small number to each style; 0 is plain. */
export interface StyleTable {
  readonly styles: readonly Style[];
  indexOf(style: Style): number;
}

/** Further styles are shown as plain text, which limits the memory for a log with a new colour for every character. */
const MAX_STYLES = 4096;

export function createStyleTable(): StyleTable {
  const styles: Style[] = [PLAIN];
  const known = new Map<string, number>([[keyOf(PLAIN), 0]]);
  return {
    styles,
    indexOf(style) {
      const key = keyOf(style);
      const index = known.get(key);
      if (index !== undefined) return index;
      if (styles.length >= MAX_STYLES) return 0;
      known.set(key, styles.length);
      return styles.push(style) - 1;
    },
  };
}

function keyOf({ foreground, background, attributes }: Style): string {
  return `${foreground},${background},${attributes}`;
}

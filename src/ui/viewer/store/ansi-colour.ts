import { INVERSE, NO_COLOUR, RGB, type Style } from "./style.ts";

type Rgb = readonly [red: number, green: number, blue: number];

/** The backgrounds of text in each theme: the lightest and the darkest that a row has. */
const GROUND: Readonly<Record<Theme, Rgb>> = { light: [0xf3, 0xe6, 0xe4], dark: [0x38, 0x28, 0x26] };
/** WCAG 2.2, 1.4.3. */
const CONTRAST = 4.5;

export type Theme = "light" | "dark";

/** xterm's 16 colours, slightly muted. */
const BASE: readonly Rgb[] = [
  [0x2e, 0x34, 0x36],
  [0xc0, 0x2a, 0x22],
  [0x2f, 0x7d, 0x32],
  [0x9a, 0x67, 0x00],
  [0x1f, 0x5f, 0xb4],
  [0x8e, 0x3a, 0x9e],
  [0x0b, 0x75, 0x85],
  [0xc4, 0xc8, 0xca],
  [0x6b, 0x73, 0x78],
  [0xe0, 0x4a, 0x3f],
  [0x4c, 0xa0, 0x50],
  [0xc9, 0x95, 0x1b],
  [0x4b, 0x8d, 0xdd],
  [0xb0, 0x60, 0xc4],
  [0x2c, 0xa3, 0xb5],
  [0xf4, 0xf5, 0xf5],
];

/** Red, green and blue of a colour, from the palette or 24-bit. */
export function rgbOf(colour: number): Rgb {
  if (colour >= RGB) {
    const own = colour - RGB;
    return [own >> 16, (own >> 8) & 255, own & 255];
  }
  if (colour < 16) return BASE[colour] ?? [0, 0, 0];
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = colour - 16;
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

/** Relative luminance (WCAG 2.2). */
export function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

export function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The nearest colour, towards black or white, that is readable on a background. */
function readable(colour: Rgb, ground: Rgb): Rgb {
  const towards = luminance(ground) > 0.18 ? 0 : 255;
  for (let step = 0; step <= 20; step += 1) {
    const mixed = colour.map((part) => Math.round(part + ((towards - part) * step) / 20)) as unknown as Rgb;
    if (contrast(mixed, ground) >= CONTRAST) return mixed;
  }
  return [towards, towards, towards];
}

/** The colours of a style in one theme, as CSS; `undefined`: inherited. */
export function coloursOf(
  style: Style,
  theme: Theme,
): { readonly text: string | undefined; readonly ground: string | undefined } {
  let { foreground, background } = style;
  const swapped = (style.attributes & INVERSE) !== 0;
  if (swapped) [foreground, background] = [background, foreground];
  const plainText: Rgb = theme === "light" ? [0x1d, 0x23, 0x27] : [0xe3, 0xe7, 0xea];
  const ground = background !== NO_COLOUR ? rgbOf(background) : swapped ? plainText : undefined;
  const wanted =
    foreground !== NO_COLOUR
      ? rgbOf(foreground)
      : ground === undefined
        ? undefined
        : swapped
          ? GROUND[theme]
          : plainText;
  const text = wanted === undefined ? undefined : readable(wanted, ground ?? GROUND[theme]);
  return { text: text && css(text), ground: ground && css(ground) };
}

function css(rgb: Rgb): string {
  return `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

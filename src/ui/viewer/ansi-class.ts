import type { CSSProperties } from "react";
import { coloursOf } from "./store/ansi-colour.ts";
import { BOLD, CONCEALED, FAINT, ITALIC, STRUCK, type Style, UNDERLINE } from "./store/style.ts";
import css from "./viewer.module.css";

/** How a style is rendered. */
export interface Drawn {
  readonly className: string;
  readonly style: CSSProperties | undefined;
}

const KNOWN = new WeakMap<Style, Drawn>();
const ATTRIBUTES: readonly (readonly [bit: number, name: string])[] = [
  [BOLD, "bold"],
  [FAINT, "faint"],
  [ITALIC, "italic"],
  [UNDERLINE, "underline"],
  [STRUCK, "struck"],
  [CONCEALED, "concealed"],
];

/** The classes and colours of a style, for both themes; the style sheet picks one. */
export function drawnStyle(style: Style): Drawn {
  const known = KNOWN.get(style);
  if (known !== undefined) return known;
  const light = coloursOf(style, "light");
  const dark = coloursOf(style, "dark");
  const names = ATTRIBUTES.flatMap(([bit, name]) => ((style.attributes & bit) === 0 ? [] : [css[name]]));
  const colours: Record<string, string> = {};
  if (light.text !== undefined && dark.text !== undefined) {
    names.push(css.coloured);
    Object.assign(colours, { "--text-light": light.text, "--text-dark": dark.text });
  }
  if (light.ground !== undefined && dark.ground !== undefined) {
    names.push(css.grounded);
    Object.assign(colours, { "--ground-light": light.ground, "--ground-dark": dark.ground });
  }
  const drawn = { className: names.join(" "), style: Object.keys(colours).length === 0 ? undefined : colours };
  KNOWN.set(style, drawn);
  return drawn;
}

/** Whether the view follows the end of a growing log. */
export interface Following {
  readonly on: boolean;
  /** The number of lines when following was switched off. */
  readonly seen: number;
}

/** An act of the user, not of the viewer itself. */
export type ReaderAct =
  /** Scrolled by wheel, touch, key or scrollbar. */
  | { readonly kind: "scrolled"; readonly up: boolean; readonly atEnd: boolean }
  /** Selected lines, went to a match, an error, a line or a time, or moved by a key. */
  | { readonly kind: "touched" }
  | { readonly kind: "went-to-end" }
  | { readonly kind: "switched" };

/**
 * Any act stops following; only going to the end, or switching it on, starts it again.
 *
 * @param lines the current number of lines.
 */
export function afterAct(following: Following, act: ReaderAct, lines: number): Following {
  const off = following.on ? { on: false, seen: lines } : following;
  const on = following.on ? following : { on: true, seen: lines };
  switch (act.kind) {
    case "scrolled":
      return act.up ? off : act.atEnd ? on : off;
    case "touched":
      return off;
    case "went-to-end":
      return on;
    case "switched":
      return following.on ? off : on;
  }
}

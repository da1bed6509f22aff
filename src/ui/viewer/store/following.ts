/** Whether the view stays at the end of a log that grows. */
export interface Following {
  readonly on: boolean;
  /** How many lines there were when it went off. */
  readonly seen: number;
}

/** What a reader did. What the viewer does by itself is none of it. */
export type ReaderAct =
  /** Scrolled, by wheel, touch, key or scrollbar. */
  | { readonly kind: "scrolled"; readonly up: boolean; readonly atEnd: boolean }
  /** Selected lines, went to a match, an error, a line or a time, moved by a key. */
  | { readonly kind: "touched" }
  | { readonly kind: "went-to-end" }
  | { readonly kind: "switched" };

/**
 * Any touch lets go at once; only coming to the end, or asking for it, goes on.
 *
 * @param lines how many lines there are now.
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

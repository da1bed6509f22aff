import type { KeyActions } from "./use-keys.ts";

/** The key of each of the viewer's acts. */
const KEYS = {
  nextError: "e",
  previousError: "E",
  nextWarning: "w",
  previousWarning: "W",
  find: "/",
  findInstead: "Ctrl-f",
  nextMatch: "n",
  previousMatch: "N",
  onlyMatches: "&",
  top: "g",
  toEnd: "G",
  askWhere: ":",
  down: "j",
  up: "k",
  halfDown: "Ctrl-d",
  halfUp: "Ctrl-u",
  pageDown: "PageDown",
  pageUp: "PageUp",
  follow: "f",
  wrap: "z",
  time: "t",
  fold: "o",
  foldAll: "O",
  select: "x",
  extend: "X",
  copyLines: "y",
  copyLink: "Y",
  detail: "p",
  mark: "m",
  nextMark: "u",
  previousMark: "U",
  selectAll: "Ctrl-a",
  clear: "Escape",
  listKeys: "?",
} as const;

/** An act of the viewer, which has a key. */
export type ViewerAct = keyof typeof KEYS;

/** Maps keys to acts. An act that returns `false`, or is missing, leaves its key to others. */
export function keysOf(acts: Readonly<Partial<Record<ViewerAct, () => unknown>>>): KeyActions {
  const keys = Object.entries(KEYS).map(([act, key]) => [key, acts[act as ViewerAct]] as const);
  return Object.fromEntries(
    keys.filter((each): each is readonly [(typeof each)[0], () => unknown] => each[1] !== undefined),
  );
}

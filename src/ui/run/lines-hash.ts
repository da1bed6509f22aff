import type { LineRange } from "../viewer/store/line-names.ts";

/** Parses `#L120` and `#L120-L140`, with an optional `&h=` and eight digits; else `undefined`. */
export function parseLines(hash: string): LineRange | undefined {
  const [, from, to, text] = /^#?L([1-9]\d{0,9})(?:-L?([1-9]\d{0,9}))?(?:&h=([0-9a-f]{8}))?$/.exec(hash) ?? [];
  if (from === undefined) return undefined;
  const one = Number(from);
  const other = Number(to ?? from);
  return { first: Math.min(one, other), last: Math.max(one, other), ...(text && { hash: text }) };
}

/** The hash of an address for some lines. */
export function hashOfLines({ first, last, hash }: LineRange): string {
  return `#L${first}${last > first ? `-L${last}` : ""}${hash ? `&h=${hash}` : ""}`;
}

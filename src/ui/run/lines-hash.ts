/** Lines that an address names by their numbers in the log. */
export interface NamedLines {
  readonly first: number;
  readonly last: number;
  /** Eight hexadecimal digits of the first line's text, to see whether the log is still the same. */
  readonly hash?: string;
}

/** Reads `#L120`, `#L120-L140`, each perhaps with `&h=` and eight digits; `undefined` where it is none of them. */
export function parseLines(hash: string): NamedLines | undefined {
  const [, from, to, text] = /^#?L([1-9]\d{0,9})(?:-L?([1-9]\d{0,9}))?(?:&h=([0-9a-f]{8}))?$/.exec(hash) ?? [];
  if (from === undefined) return undefined;
  const one = Number(from);
  const other = Number(to ?? from);
  return { first: Math.min(one, other), last: Math.max(one, other), ...(text && { hash: text }) };
}

/** Lines as an address has them. */
export function hashOfLines({ first, last, hash }: NamedLines): string {
  return `#L${first}${last > first ? `-L${last}` : ""}${hash ? `&h=${hash}` : ""}`;
}

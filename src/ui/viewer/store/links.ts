/** An address in a text. */
export interface TextLink {
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

/**
 * What is no part of an address, whoever wrote it there: spaces, quotes, controls, and what turns the direction of a
 * text.
 */
const OUTSIDE = "\\s<>\"'`\\\\^{}|\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const ADDRESS = new RegExp(`\\bhttps?://[^${OUTSIDE}]+`, "gi");

/**
 * Addresses of http and https, and no others. What ends a sentence, or closes what was opened before it, is not part of
 * one.
 */
export function linksIn(text: string): TextLink[] {
  const links: TextLink[] = [];
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    let address = found.replace(/[.,;:!?*]+$/, "");
    for (const [open, close] of ["()", "[]"] as const) {
      while (address.endsWith(close as string) && count(address, open as string) < count(address, close as string))
        address = address.slice(0, -1);
    }
    if (!URL.canParse(address)) continue;
    const { protocol, href } = new URL(address);
    if (protocol === "http:" || protocol === "https:") links.push({ start: index, end: index + address.length, href });
  }
  return links;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

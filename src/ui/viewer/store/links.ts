/** An address in a text. */
export interface TextLink {
  readonly start: number;
  readonly end: number;
  readonly href: string;
}

/** Characters that end an address: spaces, quotes, controls, and bidirectional controls. */
const OUTSIDE = "\\s<>\"'`\\\\^{}|\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const ADDRESS = new RegExp(`\\bhttps?://[^${OUTSIDE}]+`, "gi");

/**
 * Finds http and https addresses, and no others. Punctuation that ends a sentence, or closes an earlier bracket, is
 * excluded.
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

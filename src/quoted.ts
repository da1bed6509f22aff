const MOST = 100;

/** Puts somebody else's text into a sentence: in quotes, on one line, at most 100 characters of it. */
export function quoted(text: string): string {
  const cut = text.length > MOST ? `${text.slice(0, MOST).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
  return `"${printable(cut)}"`;
}

/** Somebody else's text on one line, without what a terminal would obey: controls, and the marks that turn the direction of text. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\uFFFD");
}

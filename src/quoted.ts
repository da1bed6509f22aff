const MAX_LENGTH = 100;

/** Quotes foreign text for a sentence: on one line, at most 100 characters. */
export function quoted(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
  return `"${printable(cut)}"`;
}

/**
 * Foreign text on one line, without anything that a terminal would act on: control characters, and marks that change
 * the direction of text.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, "\uFFFD");
}

/** JSON without anything that a terminal would act on: such characters are escaped. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (char) =>
    char === "\n" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

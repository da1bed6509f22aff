/** A token as it was pasted, without what terminals and clipboards add: blanks, line breaks, and the header's `Bearer`. */
export function cleanToken(pasted: string): string {
  return pasted
    .trim()
    .replace(/^(?:authorization:\s*)?Bearer\s+/i, "")
    .replace(/[\s\u200b\ufeff]+/g, "");
}

/** The first character of a token that no token has; `undefined` if there is none. */
export function strangeCharacter(token: string): string | undefined {
  return /[^!-~]/u.exec(token)?.[0];
}

/**
 * Everything that a secret may look like: as it is, percent-encoded, in JSON, or in base64 wherever in a longer text it
 * stood.
 */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    return (["base64", "base64url"] as const).map((form) => shifted.toString(form).slice(shift && shift + 1, -4));
  });
  // What is left of a short one would be found everywhere.
  const telling = encoded.filter((form) => form.length >= 12);
  return [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...telling])];
}

/** The lines of a PEM text that are its key, each of which tells something of it. */
export function linesOfKey(pem: string): readonly string[] {
  return pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-"));
}

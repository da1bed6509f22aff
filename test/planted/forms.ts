/**
 * Every form that a secret may take: plain, percent-encoded, in JSON, and in base64 at any position of a longer text.
 */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    return (["base64", "base64url"] as const).map((form) => shifted.toString(form).slice(shift && shift + 1, -4));
  });
  // The remainder of a short one would be found everywhere.
  const telling = encoded.filter((form) => form.length >= 12);
  return [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...telling])];
}

/** The lines of a PEM text that contain its key, each of which reveals part of it. */
export function linesOfKey(pem: string): readonly string[] {
  return pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-"));
}

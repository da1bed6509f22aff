/** How much of the head is looked at for the first character that is not white space. */
const LOOK_BYTES = 1024;

/**
 * Whether a body is a web page, such as a sign-in form that a proxy put in place of a log.
 *
 * @param head the first bytes, decompressed.
 * @param mediaType what the store says it is. `text/html` alone is no proof, since some stores say it of every file: the body must begin with `<` too.
 */
export function looksLikePage(head: Uint8Array, mediaType: string | undefined): boolean {
  // Latin-1 keeps each byte one character, and all that matters here is ASCII.
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, LOOK_BYTES)).toString("latin1");
  const start = text.replace(/^\u00ef\u00bb\u00bf/, "").trimStart();
  if (/^<(?:!doctype\s+html|html)[\s>]/i.test(start)) return true;
  return mediaType === "text/html" && start.startsWith("<");
}

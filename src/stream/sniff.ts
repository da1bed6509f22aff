/** How much of the head is looked at for the first character that is not white space. */
const LOOK_BYTES = 1024;

/**
 * Whether a body is a web page, such as a sign-in form that a proxy put in place of a log.
 *
 * @param head the first bytes, decompressed.
 * @param mediaType what the store says it is. `text/html` alone is no proof, since some stores say it of every file:
 *   the body must begin with `<` too.
 */
export function looksLikePage(head: Uint8Array, mediaType: string | undefined): boolean {
  // Latin-1 keeps each byte one character, and all that matters here is ASCII.
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, LOOK_BYTES)).toString("latin1");
  const start = text.replace(/^\u00ef\u00bb\u00bf/, "").trimStart();
  if (/^<(?:!doctype\s+html|html)[\s>]/i.test(start)) return true;
  return mediaType === "text/html" && start.startsWith("<");
}

/** The longest answer for programs: what is longer is a log in JSON. */
const ANSWER_BYTES = 64 * 1024;

/**
 * Whether a body is an answer for programs, such as a store's error, in place of a log: one JSON document, an object or
 * a list, and nothing else. Logs in JSON have one in each line.
 *
 * @param body the first bytes, decompressed.
 * @param mediaType what the store says it is. Without `application/json`, or a type that ends in `+json`, it is taken
 *   for a log: one line of JSON is all that some jobs write.
 */
export function looksLikeAnswer(body: Uint8Array, mediaType: string | undefined): boolean {
  if (mediaType === undefined || !/^application\/(?:[\w.-]+\+)?json$/.test(mediaType) || body.length > ANSWER_BYTES)
    return false;
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
  if (!/^\ufeff?\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text.replace(/^\ufeff/, ""));
    return true;
  } catch {
    return false;
  }
}

/** How much of the head is searched for the first character that is not white space. */
const SAMPLE_BYTES = 1024;

/**
 * Whether a body is a web page, such as the sign-in form of a proxy, instead of a log.
 *
 * @param head the first bytes, decompressed.
 * @param mediaType from the store. `text/html` alone is not enough, because some stores send it for every file: the
 *   body must also begin with `<`.
 */
export function looksLikePage(head: Uint8Array, mediaType: string | undefined): boolean {
  // In Latin-1, each byte is a character, and only ASCII matters here.
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SAMPLE_BYTES)).toString("latin1");
  const start = text.replace(/^\u00ef\u00bb\u00bf/, "").trimStart();
  if (/^<(?:!doctype\s+html|html)[\s>]/i.test(start)) return true;
  return mediaType === "text/html" && start.startsWith("<");
}

/** The maximum size of a response for programs: anything longer is a log in JSON. */
const ANSWER_BYTES = 64 * 1024;

/**
 * Whether a body is a response for programs, such as a store's error, instead of a log: a single JSON object or array.
 * Logs in JSON have one on each line.
 *
 * @param body the first bytes, decompressed.
 * @param mediaType from the store. Unless it is `application/json` or ends in `+json`, the body is a log: some jobs
 *   write a single line of JSON.
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

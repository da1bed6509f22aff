/** A document that a store returns in place of a log: a web page, or an error for programs. */
export type Document = "page" | "xml-error" | "json-error" | "json";

/** What the first bytes of a body are; `undefined`: more of them are needed. */
export type Sniffed = Document | "log" | undefined;

/** A larger body is a document only if its media type says so. */
export const DOCUMENT_BYTES = 64 * 1024;
/** How much of the head is searched for the first tag. */
const SAMPLE_BYTES = 1024;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;
const XML_TYPE = /^(?:application|text)\/(?:[\w.-]+\+)?xml$/;
const HTML_TYPE = /^(?:text\/html|application\/xhtml\+xml)$/;

/**
 * Whether a body is a document in place of a log: its beginning is that of one, and either its media type says so or
 * it is no larger than {@link DOCUMENT_BYTES} and nothing else. Text behind the document makes it a log, such as that
 * of a job which printed the page that it fetched.
 *
 * `json` is a JSON document that is not an error, of a store that declares JSON: it may be either.
 *
 * @param head the first bytes, decompressed.
 * @param mediaType from the store.
 * @param ended whether the head is the whole body.
 */
export function sniff(head: Uint8Array, mediaType: string | undefined, ended: boolean): Sniffed {
  const body = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, DOCUMENT_BYTES + 1));
  // In Latin-1, each byte is a character, and only ASCII matters here.
  const start = body
    .toString("latin1", 0, SAMPLE_BYTES)
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart();
  if (start === "") return ended || head.length >= SAMPLE_BYTES ? "log" : undefined;
  const type = mediaType ?? "";
  if (start.startsWith("<")) return sniffTags(body, start, type, ended);
  if (start.startsWith("{") || (start.startsWith("[") && JSON_TYPE.test(type))) return sniffJson(body, type, ended);
  // The first bytes of a byte order mark.
  return "\u00ef\u00bb\u00bf".startsWith(start) && !ended ? undefined : "log";
}

/** What may come before the first tag. */
const PROLOG = /^(?:<\?xml\b[^>]*\?>\s*|<!--[\s\S]*?-->\s*)+/;

interface TagDocument {
  readonly document: Document;
  readonly begins: RegExp;
  /** How it may begin only if the media type says so. */
  readonly beginsTyped: RegExp;
  readonly type: RegExp;
  readonly closes: RegExp;
}

const TAG_DOCUMENTS: readonly TagDocument[] = [
  {
    document: "page",
    begins: /^<(?:!doctype\s+html|html)[\s>]/i,
    beginsTyped: /^<(?:head|title|body|meta|script|style)[\s>]/i,
    type: HTML_TYPE,
    closes: /<\/html\s*>/i,
  },
  {
    document: "xml-error",
    begins: /^<(?:\w+:)?error[\s>]/i,
    beginsTyped: /^<(?:\w+:)?(?:errors|fault|\w*exception)[\s>]/i,
    type: XML_TYPE,
    closes: /<\/(?:\w+:)?error\s*>/i,
  },
];

function sniffTags(body: Buffer, start: string, type: string, ended: boolean): Sniffed {
  const first = start.replace(PROLOG, "");
  // A tag, or what precedes the first one, that is not finished.
  const isPartial = /^(?:<[!?]?[\w:-]*|<!doctype\s[^>]*|<!--[\s\S]*|<\?xml\b[^>]*|)$/i.test(first);
  const found = TAG_DOCUMENTS.find(
    ({ begins, beginsTyped, type: own }) => begins.test(first) || (own.test(type) && beginsTyped.test(first)),
  );
  if (found === undefined) return isPartial && !ended && body.length < SAMPLE_BYTES ? undefined : "log";
  const isTyped = found.type.test(type);
  const text = body.toString("latin1");
  const close = found.closes.exec(text);
  if (close !== null) {
    if (hasText(text, close.index + close[0].length)) return "log";
  }
  if (text.length > DOCUMENT_BYTES) return isTyped ? found.document : "log";
  if (!ended) return undefined;
  // HTML need not be closed: then what ends with a tag is nothing else.
  return isTyped || close !== null || text.trimEnd().endsWith(">") ? found.document : "log";
}

/** Whether there is anything but white space and comments from an index on. */
function hasText(text: string, from: number): boolean {
  for (let at = from; ; ) {
    const begin = text.indexOf("<!--", at);
    const end = begin === -1 ? -1 : text.indexOf("-->", begin);
    if (/[^\s\0]/.test(text.slice(at, end === -1 ? undefined : begin))) return true;
    if (end === -1) return false;
    at = end + "-->".length;
  }
}

function sniffJson(body: Buffer, type: string, ended: boolean): Sniffed {
  const isTyped = JSON_TYPE.test(type);
  const text = body.toString("utf8").replace(/^\ufeff/, "");
  if (!/^\s*(?:\[|\{\s*(?:["}]|$))/.test(text) || body.length > DOCUMENT_BYTES) return "log";
  const line = /^\s*\S.*\n/.exec(text)?.[0];
  // Logs in JSON have a document on each line.
  const first = line === undefined ? undefined : parse(line);
  if (line !== undefined && first !== undefined && /\S/.test(text.slice(line.length))) return "log";
  if (!ended) return first !== undefined && !isTyped && !isError(first, isTyped) ? "log" : undefined;
  const value = parse(text);
  if (value === undefined) return "log";
  if (isError(value, isTyped)) return "json-error";
  return isTyped ? "json" : "log";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keys of entries in a log. */
const ENTRY_KEYS = ["level", "@level", "lvl", "severity", "loglevel", "log_level", "msg", "logger"];
const WORD_KEYS = ["error", "errors", "message", "detail", "title", "fault", "reason"];
const STATUS_KEYS = ["status", "statuscode", "status_code", "httpstatus", "http_status", "code", "errorcode"];

/**
 * Whether a JSON value is a server's error: words, with an HTTP status or a code beside them. Where the media type says
 * JSON, words suffice; else it may be the one line that a job wrote.
 */
function isError(value: unknown, isTyped: boolean): boolean {
  const fields = fieldsOf(value);
  if (fields === undefined || ENTRY_KEYS.some((key) => fields.has(key))) return false;
  if (!WORD_KEYS.some((key) => fields.has(key))) return false;
  if (isTyped) return true;
  const errors = fields.get("errors");
  const inner = fieldsOf(fields.get("error")) ?? fieldsOf(Array.isArray(errors) ? errors[0] : undefined);
  return [fields, inner].some((each) => each !== undefined && STATUS_KEYS.some((key) => isFailure(each.get(key))));
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));
}

/** A status of HTTP from 400 to 599, or a code such as `NoSuchKey` or `BLOB_NOT_FOUND`. */
function isFailure(code: unknown): boolean {
  if (typeof code === "number") return code >= 400 && code <= 599;
  return typeof code === "string" && /^(?:[45]\d\d|[A-Z][a-z]+[A-Z]\w*|[A-Z]+_[A-Z_]+|NotFound|Failure)$/.test(code);
}

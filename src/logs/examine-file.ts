import type { LogSource, OpenedFile } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { type DecompressLimits, decompress, isCompressed, mayBeCompressed } from "../stream/decompress.ts";
import { DecompressionFailed } from "../stream/decompression-error.ts";
import { type Encoding, encodingOf } from "../stream/encoding.ts";
import { peek } from "../stream/peek.ts";
import { isPlainText } from "../stream/plain-text.ts";
import { type Document, sniff } from "../stream/sniff.ts";
import { meaningOf } from "./log-damaged.ts";

export interface FileTextOptions {
  /** Whether the file still grows: an unfinished character at its end is left for the next read. */
  readonly growing: boolean;
  /** Whether the file gets no more: until then, a compressed one may be unfinished. */
  readonly settled: boolean;
  /** Whether a document is shown that a store returns in place of a log. */
  readonly showDocument: boolean;
  readonly limits: DecompressLimits;
}

/** A file whose first bytes have shown what it is. */
export interface ExaminedFile {
  readonly source: Pick<LogSource, "name">;
  readonly log: Pick<OpenedFile, "delimited" | "mediaType">;
  /** The text, decompressed, not decoded. */
  readonly body: AsyncIterator<Uint8Array, undefined>;
  readonly compressed: boolean;
  readonly encoding: Encoding;
  /** What the store returned in place of a log. */
  readonly document: Document | undefined;
}

/** How much of a file has to be text if its store declares a compression that cannot be undone. */
const PLAIN_BYTES = 512;

const MAX_LAYERS = 2;

const DID: Readonly<Record<Exclude<Document, "json">, string>> = {
  page: "answered with a web page instead of a log",
  "xml-error": "answered with an XML error instead of a log",
  "json-error": "answered with a JSON error instead of a log",
};

/**
 * Examines the first bytes of a file: they decide what it is, rather than what its store declares.
 *
 * What a live source has is always a log, such as the page that a smoke test fetched.
 *
 * @throws SourceError if the file is no log, or nothing of it can be decompressed.
 */
export async function examineFile(
  source: Pick<LogSource, "name" | "capabilities">,
  log: OpenedFile,
  options: FileTextOptions,
): Promise<ExaminedFile> {
  const { charset, mediaType, coding } = log;
  const { live } = source.capabilities;
  const isKnown = (head: Uint8Array): boolean =>
    encodingOf(head, charset, false) !== undefined && (live || sniff(head, mediaType, false) !== undefined);
  const isEnough = (head: Uint8Array): boolean =>
    isCompressed(head) ||
    (!mayBeCompressed(head) && isKnown(head) && (coding === undefined || head.length >= PLAIN_BYTES));
  const stored = await peek(log.body, isEnough);
  const compressed = isCompressed(stored.head);
  if (coding !== undefined && !compressed && !isPlainText(stored.head)) {
    leave(stored.whole);
    const did = `sent the log compressed with ${coding}, which is not supported; gzip and zstd are`;
    throw new SourceError(source.name, "refused", did);
  }
  let text = stored;
  // Some uploaders compress what is compressed already.
  for (let layers = 0; layers < MAX_LAYERS && isCompressed(text.head); layers += 1) {
    text = await peek(decompress(text.whole, options.limits), isEnough);
  }
  if (compressed && isCompressed(text.head)) {
    leave(text.whole);
    throw new SourceError(source.name, "refused", "sent the log compressed more than twice, which is not supported");
  }
  const error = text.failure?.error;
  const { delimited } = log;
  if (
    text.head.length === 0 &&
    error instanceof DecompressionFailed &&
    meaningOf(error, { delimited, settled: options.settled }) === "damaged"
  ) {
    const did = "has only a damaged log, of which nothing can be unpacked";
    throw new SourceError(source.name, "damaged", did, { fault: "log-damaged", cause: error });
  }
  const sniffed = live ? "log" : (sniff(text.head, mediaType, false) ?? sniff(text.head, mediaType, true));
  const document = sniffed === "log" ? undefined : sniffed;
  if (document !== undefined && document !== "json" && !options.showDocument) {
    leave(text.whole);
    throw new SourceError(source.name, "not-found", DID[document], {
      fault: document === "page" ? "web-page" : "error-document",
    });
  }
  const encoding = encodingOf(text.head, charset, true) ?? { name: "utf-8", by: undefined, markBytes: 0 };
  return { source, log, body: text.whole, compressed, encoding, document };
}

function leave(body: AsyncIterator<Uint8Array, undefined>): void {
  body.return?.().catch(() => undefined);
}

import type { OpenedEntries, OpenedFile, OpenOptions } from "../sources/source.ts";
import { LINE_FEED } from "../stream/characters.ts";
import { collect } from "../stream/collect.ts";
import { countLineFeeds } from "../stream/count.ts";
import { isCompressed } from "../stream/decompress.ts";
import { encodingOf } from "../stream/encoding.ts";
import { peek } from "../stream/peek.ts";
import { DOCUMENT_BYTES, sniff } from "../stream/sniff.ts";
import { fingerprintOf, matchesFingerprint, TAIL_BYTES } from "../stream/tail-buffer.ts";
import { EntriesText } from "./entries-text.ts";
import { type ExaminedFile, examineFile, type FileTextOptions } from "./examine-file.ts";
import { FileText } from "./file-text.ts";
import { LogDamaged } from "./log-damaged.ts";
import { type BytePlace, FILE_START } from "./place.ts";
import { skipToPlace } from "./skip-to-place.ts";
import type { SourceRequest, SourceRequests } from "./source-request.ts";
import type { LogText, StartedText } from "./text.ts";

/** How much of a file's beginning is read to detect compression, encoding and records. */
const HEAD_BYTES = 16 * 1024;
/** How much of a file is read at once when it is read backwards. */
const BLOCK_BYTES = 256 * 1024;
const NO_FINGERPRINT = fingerprintOf(new Uint8Array(0));

interface OpenFile {
  /** Entries: the file holds records, which the source has decoded. */
  readonly log: OpenedFile | OpenedEntries;
  readonly request: SourceRequest;
}

/**
 * Opens a log that is stored as one file at its beginning.
 *
 * @throws SourceError, as each function here, if the file is no log: see `examineFile`.
 */
export async function openWholeFile(requests: SourceRequests, options: FileTextOptions): Promise<StartedText> {
  return wholeFile(requests, await open(requests), options);
}

/** The same for a file that is open already. */
async function wholeFile(requests: SourceRequests, file: OpenFile, options: FileTextOptions): Promise<StartedText> {
  const start = { place: FILE_START, line: 1, relative: false, offset: 0 };
  return { text: await textOf(requests, file, options), start };
}

/** The text of a whole file. */
async function textOf(
  { source }: SourceRequests,
  { log, request }: OpenFile,
  options: FileTextOptions,
): Promise<LogText> {
  try {
    if (log.kind === "file") return new FileText(await examineFile(source, log, options), request, options);
    const { growing, settled } = options;
    return new EntriesText(log, request, { place: undefined, offset: 0, growing, stored: { source, settled } });
  } catch (error) {
    request.close();
    throw error;
  }
}

/**
 * Opens a log that is stored as one file at a place. If the file is plain text and its store supports ranges, only
 * what lies behind the place is requested.
 *
 * @throws LogReplaced if the text before the place is different, or the log is shorter.
 */
export async function openFileAt(
  requests: SourceRequests,
  place: BytePlace,
  options: FileTextOptions,
): Promise<StartedText> {
  const { stored, offset } = place;
  const fingerprint = place.storedFingerprint ?? place.fingerprint;
  if (stored === undefined || stored < fingerprint.length)
    return skipFile(requests, await open(requests), place, options);
  const part = await open(requests, { range: { first: stored - fingerprint.length } });
  if (!isPart(part.log)) return skipFile(requests, part, place, options);
  const { head, whole } = await peek(part.log.body, (bytes) => bytes.length >= fingerprint.length);
  const before = head.subarray(0, fingerprint.length);
  if (!matchesFingerprint(fingerprint, before)) {
    part.request.close();
    return skipFile(requests, await open(requests), place, options);
  }
  // The text before it proves that this is the log that was examined before.
  const file: ExaminedFile = {
    source: requests.source,
    log: part.log,
    body: skipBytes(whole, before.length),
    compressed: false,
    encoding: { name: place.encoding ?? "utf-8", ...part.log.charset, by: part.log.charset?.by, markBytes: 0 },
    document: undefined,
  };
  const text = FileText.inside(file, { ...place, stored }, new Uint8Array(before), part.request, options);
  return { text, start: { place, relative: false, offset } };
}

/**
 * Opens the last lines of a log that is stored as one file.
 *
 * A plain file whose store supports ranges is read backwards from its end, so that little of it is read. Any other is
 * read twice: once to count its lines, and once for the last of them.
 */
export async function openFileTail(
  requests: SourceRequests,
  lines: number,
  options: FileTextOptions,
): Promise<StartedText> {
  const first = await open(requests, { range: { first: 0, last: HEAD_BYTES - 1 } });
  if (!isPart(first.log)) return lastLines(requests, first, lines, options);
  const { mediaType, coding, charset } = first.log;
  const { total } = first.log.part;
  const head = await collect(first.log.body, HEAD_BYTES);
  first.request.close();
  const encoding = encodingOf(head, charset, true);
  const isUtf8 = encoding === undefined || encoding.name === "utf-8";
  if (
    total === undefined ||
    isCompressed(head) ||
    coding !== undefined ||
    !isUtf8 ||
    mayBeDocument(head, mediaType, total)
  ) {
    return lastLines(requests, await open(requests), lines, options);
  }
  const mark = encoding?.markBytes ?? 0;
  const at = lines === 0 ? total : await findTail(requests, mark, total, lines);
  if (at === undefined) return lastLines(requests, await open(requests), lines, options);
  if (at <= mark) return openWholeFile(requests, options);
  const from = Math.max(mark, at - TAIL_BYTES);
  const before = await readRange(requests, from, at);
  const place = {
    kind: "bytes",
    offset: at - mark,
    stored: at,
    fingerprint: NO_FINGERPRINT,
    storedFingerprint: fingerprintOf(before.bytes),
  } as const;
  const { text, start } = await openFileAt(requests, place, options);
  return { text, start: { ...start, relative: true } };
}

/** Returns where the last lines begin, or `undefined` if the store does not return the requested ranges. */
async function findTail(
  requests: SourceRequests,
  mark: number,
  total: number,
  lines: number,
): Promise<number | undefined> {
  let left = lines;
  for (let end = total; end > mark; ) {
    const first = Math.max(mark, end - BLOCK_BYTES);
    const { bytes: block, isPart } = await readRange(requests, first, end);
    if (!isPart || block.length < end - first) return undefined;
    // The line feed at the very end ends the last line.
    for (let at = end === total ? block.length - 1 : block.length; at > 0; ) {
      at = block.lastIndexOf(LINE_FEED, at - 1);
      if (at === -1) break;
      left -= 1;
      if (left === 0) return first + at + 1;
    }
    end = first;
  }
  return mark;
}

async function readRange(
  requests: SourceRequests,
  first: number,
  end: number,
): Promise<{ readonly bytes: Buffer; readonly isPart: boolean }> {
  const { log, request } = await open(requests, { range: { first, last: end - 1 } });
  try {
    if (!isPart(log)) return { bytes: Buffer.alloc(0), isPart: false };
    const bytes = Buffer.from(await collect(log.body, end - first));
    return { bytes, isPart: true };
  } finally {
    request.close();
  }
}

async function lastLines(
  requests: SourceRequests,
  counted: OpenFile,
  lines: number,
  options: FileTextOptions,
): Promise<StartedText> {
  const { text } = await wholeFile(requests, counted, options);
  let count = 0;
  let isOpen = false;
  try {
    for (let piece = await text.next(); piece !== undefined; piece = await text.next()) {
      count += countLineFeeds(piece.bytes);
      if (piece.bytes.length > 0) isOpen = piece.bytes[piece.bytes.length - 1] !== LINE_FEED;
    }
  } catch (error) {
    // The lines before are the last ones; the second read ends with the same.
    if (!(error instanceof LogDamaged)) throw error;
  }
  const firstWanted = Math.max(0, count + (isOpen ? 1 : 0) - lines) + 1;
  const whole = await openWholeFile(requests, options);
  return { text: whole.text, start: { ...whole.start, firstWanted } };
}

/** Whether the head of a file may be that of a document in place of a log. */
function mayBeDocument(head: Uint8Array, mediaType: string | undefined, total: number): boolean {
  // A larger one has tags.
  return (total <= DOCUMENT_BYTES || head.includes(0x3c)) && sniff(head, mediaType, head.length >= total) !== "log";
}

async function skipFile(
  requests: SourceRequests,
  file: OpenFile,
  place: BytePlace,
  options: FileTextOptions,
): Promise<StartedText> {
  const text = await textOf(requests, file, options);
  await skipToPlace(text, place);
  return { text, start: { place, relative: false, offset: place.offset } };
}

function open(requests: SourceRequests, options?: OpenOptions): Promise<OpenFile> {
  return requests.open(options);
}

function isPart(log: OpenFile["log"]): log is OpenedFile & Required<Pick<OpenedFile, "part">> {
  return log.kind === "file" && log.part !== undefined;
}

async function* skipBytes(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of source) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (skipped < piece.length) yield piece.subarray(skipped);
  }
}

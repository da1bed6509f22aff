import type { KeyPattern } from "../template/key-pattern.ts";
import type { DecodeOptions } from "./decoders/decode-log.ts";
import { canRecognize, createRecordReader, recognizeRecords } from "./decoders/recognize-records.ts";
import { RecordDecoder } from "./decoders/record-decoder.ts";
import { createRecordFilter } from "./decoders/record-filter.ts";
import { listParts, type PartsPiece, type ReadPartsOptions, readParts, type UploadTimes } from "./s3-parts.ts";
import type { EntriesPiece, LogTarget, OpenedEntries } from "./source.ts";
import { SourceError } from "./source-error.ts";
import type { SourceLimits } from "./source-kind.ts";

export interface PartsLogOptions {
  readonly source: string;
  /** The variables of the template of the keys. */
  readonly names: ReadonlySet<string>;
  readonly decode: DecodeOptions["decode"];
  readonly uploadLagMs: number;
  readonly limits: SourceLimits;
  readonly list: Parameters<typeof listParts>[3];
  readonly open: ReadPartsOptions["open"];
}

/** An object was complete before its last line was written only if the clocks differ. */
const CLOCK_SLACK_MS = 5 * 60_000;
const NO_TIMES = { starts: [], times: [] };
const NOTHING: EntriesPiece = { bytes: new Uint8Array(0), times: NO_TIMES };

/**
 * Opens a log that is stored in several objects.
 *
 * If the keys do not name the Job, objects hold the lines of several: then only objects of the run's time are read, only
 * lines that name the run's namespace, pod and container are shown, and how much is searched is limited.
 */
export async function openPartsLog(
  pattern: KeyPattern,
  target: LogTarget,
  options: PartsLogOptions,
): Promise<OpenedEntries> {
  const { source, decode, limits, list, open } = options;
  const shared = !namesJob(options.names);
  const times = shared ? uploadTimes(target, options.uploadLagMs) : undefined;
  const keys = await listParts(source, pattern, times, list);
  if (keys.length === 0) throw new SourceError(source, "not-found", "has no such objects");
  const read = readParts(keys, { prefix: pattern.prefix, limits: limits.decompress, open });
  const parts = await peekParts(shared ? withinBudget(read, source, limits.scanBytes) : read);

  const format = decode === "auto" ? recognizeRecords(parts.head) : decode;
  if (format === undefined || format === "plain") {
    if (!shared || parts.head.length === 0) return entries(plainPieces(parts.whole), false);
    await parts.whole.return?.();
    const did = "keeps lines of several jobs in one object, and they do not say whose they are";
    throw new SourceError(source, "refused", did);
  }
  const decoder = new RecordDecoder(createRecordReader(format), createRecordFilter(target, shared));
  const pieces = decodeParts(parts.whole, decoder);
  if (!shared) return entries(pieces, true);
  // Another source may have the log: that this one has no line of it has to be known now.
  const found = await untilText(pieces);
  if (found === undefined) {
    throw new SourceError(source, "not-found", `has no line of this container in ${objects(keys.length)} of that time`);
  }
  return entries(found, true);
}

function entries(pieces: AsyncIterable<EntriesPiece>, timed: boolean): OpenedEntries {
  return { kind: "entries", pieces, mediaType: "text/plain", delimited: true, timed };
}

/** Whether keys with these variables hold the lines of one Job only. */
function namesJob(names: ReadonlySet<string>): boolean {
  if (["jobName", "podName", "podPrefix"].some((name) => names.has(name))) return true;
  return names.has("metricName") && (names.has("analysisRun") || names.has("analysisRunUid"));
}

function uploadTimes({ values }: LogTarget, lagMs: number): UploadTimes {
  const { startedAt, finishedAt } = values.variables;
  const start = Date.parse(startedAt ?? "");
  const end = Date.parse(finishedAt ?? "");
  return {
    from: Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start - CLOCK_SLACK_MS,
    to: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end + lagMs,
  };
}

/** Reads as much as is needed to recognize the format, and puts it back. */
async function peekParts(parts: AsyncGenerator<PartsPiece, void, undefined>) {
  const held: PartsPiece[] = [];
  let head = Buffer.alloc(0);
  while (head.length === 0 || !canRecognize(head)) {
    const next = await parts.next();
    if (next.done === true) break;
    held.push(next.value);
    head = Buffer.concat([head, next.value.bytes]);
  }
  return { head, whole: withHeld(held, parts) };
}

async function* withHeld<T>(
  held: readonly T[],
  rest: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* held;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* plainPieces(parts: AsyncIterable<PartsPiece>): AsyncGenerator<EntriesPiece, void, undefined> {
  for await (const piece of parts) yield { ...piece, times: NO_TIMES };
}

async function* decodeParts(
  parts: AsyncIterable<PartsPiece>,
  decoder: RecordDecoder,
): AsyncGenerator<EntriesPiece, void, undefined> {
  for await (const { bytes, missing } of parts) {
    const piece = decoder.push(bytes);
    if (missing !== undefined) yield { ...(piece ?? NOTHING), missing };
    else if (piece !== undefined) yield piece;
  }
  const last = decoder.end();
  if (last !== undefined) yield last;
}

/** Reads up to the first text, and puts it back. Returns `undefined` if no piece has text. */
async function untilText(
  pieces: AsyncGenerator<EntriesPiece, void, undefined>,
): Promise<AsyncGenerator<EntriesPiece, void, undefined> | undefined> {
  const held: EntriesPiece[] = [];
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return undefined;
    held.push(next.value);
    if (next.value.bytes.length > 0) return withHeld(held, pieces);
  }
}

/** @throws SourceError if more than this is searched. */
async function* withinBudget(
  parts: AsyncGenerator<PartsPiece, void, undefined>,
  source: string,
  bytes: number,
): AsyncGenerator<PartsPiece, void, undefined> {
  let left = bytes;
  for await (const piece of parts) {
    left -= piece.bytes.length;
    if (left < 0) {
      const did = "has more text of the time of the run than this server searches: see limits.scanBytes";
      throw new SourceError(source, "refused", did);
    }
    yield piece;
  }
}

function objects(count: number): string {
  return count === 1 ? "the object" : `the ${count} objects`;
}

import * as z from "zod";
import { type DecompressLimits, decompress, isCompressed, mayBeCompressed } from "../../stream/decompress.ts";
import { peek } from "../../stream/peek.ts";
import type { EntriesPiece, OpenedFile, OpenedLog } from "../source.ts";
import { canRecognize, createRecordReader, RECOGNIZED_BYTES, recognizeRecords } from "./recognize-records.ts";
import type { RecordFormat } from "./record.ts";
import { RecordDecoder } from "./record-decoder.ts";
import type { RecordFilter } from "./record-filter.ts";

/** How much of a compressed file is read to recognize what is in it. */
const COMPRESSED_BYTES = 16 * 1024;

export const Decode = z
  .enum(["auto", "plain", "cri", "docker", "shipper"])
  .default("auto")
  .describe(
    "What the lines of a file are: plain text, or records of cri, of docker, or of a shipper (fluent-bit, fluentd, " +
      "Vector). Default: auto, by the first line.",
  );

export interface DecodeOptions {
  readonly decode: z.output<typeof Decode>;
  readonly filter: RecordFilter;
  readonly limits: DecompressLimits | undefined;
  /** That of the request for the log. */
  readonly signal: AbortSignal;
}

/**
 * Decodes a file of records to entries, and returns any other file unchanged. The beginning of the file is read for it.
 *
 * @returns `undefined` if the file holds records and only a part of it was requested: request all of it.
 */
export async function decodeLog(log: OpenedFile, options: DecodeOptions): Promise<OpenedLog | undefined> {
  const { decode, filter, limits, signal } = options;
  const { part } = log;
  // Behind the beginning, a place is only ever one in plain text.
  if (decode === "plain" || (part !== undefined && part.first > 0)) return log;
  const { head, whole } = await peek(log.body, (bytes) =>
    isCompressed(bytes) ? bytes.length >= COMPRESSED_BYTES : !mayBeCompressed(bytes) && canRecognize(bytes),
  );
  const compressed = isCompressed(head);
  // A part of a compressed file is requested only to find that it is compressed.
  const format = compressed && part !== undefined ? undefined : await formatOf(head, compressed, options);
  if (format === undefined) return { ...log, body: untilAborted(whole, signal) };
  if (part !== undefined) {
    await whole.return?.();
    return undefined;
  }
  const text = compressed ? decompress(whole, limits) : whole;
  const { mediaType, delimited } = log;
  const decoder = new RecordDecoder(createRecordReader(format), filter);
  return { kind: "entries", pieces: decodePieces(text, decoder), mediaType, delimited };
}

async function formatOf(
  head: Uint8Array,
  compressed: boolean,
  { decode, limits }: DecodeOptions,
): Promise<RecordFormat | undefined> {
  if (decode !== "auto" && decode !== "plain") return decode;
  return recognizeRecords(compressed ? await beginningOf(head, limits) : head);
}

/** What has been read already is not returned to a reader that has left. */
function untilAborted(
  whole: AsyncIterableIterator<Uint8Array>,
  signal: AbortSignal,
): AsyncIterableIterator<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => (signal.aborted ? Promise.reject(signal.reason) : whole.next()),
    return: async () => {
      await whole.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** Decompresses as much of a beginning as there is. */
async function beginningOf(head: Uint8Array, limits: DecompressLimits | undefined): Promise<Uint8Array> {
  const { head: text, whole } = await peek(decompress(once(head), limits), canRecognize);
  await whole.return?.();
  return text.subarray(0, RECOGNIZED_BYTES);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Decodes a text of records, piece by piece. */
async function* decodePieces(
  text: AsyncIterable<Uint8Array>,
  decoder: RecordDecoder,
): AsyncGenerator<EntriesPiece, void, undefined> {
  for await (const bytes of text) {
    const piece = decoder.push(bytes);
    if (piece !== undefined) yield piece;
  }
  const last = decoder.end();
  if (last !== undefined) yield last;
}

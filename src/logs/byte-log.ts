import type { OpenedFile, OpenOptions } from "../sources/source.ts";
import { toUtf8 } from "../stream/charset.ts";
import { coalesce } from "../stream/coalesce.ts";
import { DecompressionFailed, type DecompressLimits, decompress } from "../stream/decompress.ts";
import { peek } from "../stream/peek.ts";
import { createStoredWindow } from "../stream/stored-window.ts";
import { createWindow, isProved } from "../stream/window.ts";
import { type BytePlace, FILE_START } from "./place.ts";
import { LogReplaced, type LogText, type TextPiece } from "./text.ts";

/** Opens a log that is kept as one file. */
export type OpenFile = (options?: OpenOptions) => Promise<OpenedFile>;

export interface ByteLogOptions {
  /** Whether the file is still being written, so that an unfinished character or compressed block at its end is left for later. */
  readonly growing: boolean;
  readonly limits: DecompressLimits;
  /** Called where the log is kept in another encoding than UTF-8. Default: nobody wants to know. */
  readonly onDecoded?: (encoding: string) => void;
  /** Called when bytes are no text. */
  readonly onReplaced: () => void;
}

/** A little less than 256 KiB: the encoder doubles its buffer until a message fits, field tags and all. */
export const PIECE_BYTES = 255 * 1024;

/** Reads a log that is kept as one file from its beginning. */
export async function readFile(open: OpenFile, options: ByteLogOptions): Promise<LogText> {
  return wholeText(await open(), options);
}

/**
 * Reads a log that is kept as one file on from a place. Where the file is plain text and its store can do it, only what lies behind is asked for.
 *
 * @throws LogReplaced where the text before the place is another one, or the log is shorter.
 */
export async function readFileFrom(open: OpenFile, place: BytePlace, options: ByteLogOptions): Promise<LogText> {
  const { stored, offset } = place;
  const proof = place.storedProof ?? place.proof;
  if (stored === undefined || stored < proof.length) return skipTo(place, await open(), options);
  const log = await open({ range: { first: stored - proof.length } });
  if (log.part === undefined) return skipTo(place, log, options);
  const { head, whole } = await peek(log.body, (bytes) => bytes.length >= proof.length);
  const before = head.subarray(0, proof.length);
  if (!isProved(proof, before)) {
    await whole.return?.();
    return skipTo(place, await open(), options);
  }
  return {
    pieces: insidePieces(whole, place, before, options),
    begin: place,
    relative: false,
    offset,
    delimited: log.delimited,
    mediaType: log.mediaType,
  };
}

/** The text of a whole file. */
export function wholeText(log: OpenedFile, options: ByteLogOptions): LogText {
  const { delimited, mediaType } = log;
  const pieces = wholePieces(log, options);
  return { pieces, begin: FILE_START, line: 1, relative: false, offset: 0, delimited, mediaType };
}

/** What lies behind the place in a file that is read from its beginning. */
async function skipTo(place: BytePlace, log: OpenedFile, options: ByteLogOptions): Promise<LogText> {
  const { offset, proof } = place;
  const text = wholeText(log, options);
  const pieces = text.pieces[Symbol.asyncIterator]();
  const window = createWindow();
  let passed = 0;
  let rest: TextPiece | undefined;
  try {
    while (passed < offset && rest === undefined) {
      const next = await pieces.next();
      if (next.done) throw new LogReplaced();
      const { bytes } = next.value;
      const length = Math.min(bytes.length, offset - passed);
      window.push(bytes.subarray(0, length));
      passed += length;
      if (length < bytes.length) rest = { ...next.value, bytes: bytes.subarray(length) };
    }
    const found = window.proof(proof.length);
    if (found.length !== proof.length || found.hash !== proof.hash) throw new LogReplaced();
  } catch (error) {
    await pieces.return?.();
    throw error;
  }
  const behind = async function* (): AsyncGenerator<TextPiece> {
    try {
      if (rest !== undefined) yield rest;
      for (;;) {
        const next = await pieces.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await pieces.return?.();
    }
  };
  return { ...text, pieces: behind(), begin: place, line: undefined, offset };
}

async function* wholePieces(
  log: OpenedFile,
  { limits, growing, onDecoded, onReplaced }: ByteLogOptions,
): AsyncGenerator<TextPiece> {
  const window = createWindow();
  const storedWindow = createStoredWindow();
  let compressed = false;
  const replaced = { any: false };
  let stored: number | undefined;
  let offset = 0;
  const unpacked = decompress(log.body, limits, () => {
    compressed = true;
  });
  const plain = growing ? untilCut(unpacked) : unpacked;
  const text = toUtf8(storedWindow.through(coalesce(plain, PIECE_BYTES)), {
    charset: log.charset,
    growing,
    onDecoded,
    onReplaced: () => {
      replaced.any = true;
      onReplaced();
    },
    onConsumed: (bytes) => {
      stored = bytes;
    },
  });
  for await (const bytes of text) {
    offset += bytes.length;
    window.push(bytes);
    const storedProof = () => (replaced.any ? { storedProof: storedWindow.proofAt(stored ?? 0) } : {});
    const at = compressed || stored === undefined ? {} : { stored, ...storedProof() };
    yield { bytes, after: { kind: "bytes", offset, ...at, proof: window.proof() } };
  }
}

/** Compressed text, as far as it has been written. */
async function* untilCut(unpacked: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* unpacked;
  } catch (error) {
    if (!(error instanceof DecompressionFailed && error.isCutShort)) throw error;
  }
}

async function* insidePieces(
  body: AsyncIterable<Uint8Array>,
  place: BytePlace,
  before: Uint8Array,
  { growing, onReplaced }: ByteLogOptions,
): AsyncGenerator<TextPiece> {
  // Where bytes were replaced, what lies before is not the text.
  const replaced = { any: place.storedProof !== undefined };
  const window = createWindow(replaced.any ? undefined : before);
  const base = place.stored ?? 0;
  const storedWindow = createStoredWindow(base, before);
  let stored = base;
  let { offset } = place;
  const text = toUtf8(storedWindow.through(coalesce(skipBytes(body, before.length), PIECE_BYTES)), {
    inside: true,
    growing,
    onReplaced: () => {
      replaced.any = true;
      onReplaced();
    },
    onConsumed: (bytes) => {
      stored = base + bytes;
    },
  });
  for await (const bytes of text) {
    offset += bytes.length;
    window.push(bytes);
    const storedProof = replaced.any ? { storedProof: storedWindow.proofAt(stored) } : {};
    yield { bytes, after: { kind: "bytes", offset, stored, proof: window.proof(), ...storedProof } };
  }
}

async function* skipBytes(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of source) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (skipped < piece.length) yield piece.subarray(skipped);
  }
}

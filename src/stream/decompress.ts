import { constants, createZstdDecompress } from "node:zlib";
import { DecompressionFailed, DecompressionLimit } from "./decompression-error.ts";
import { gunzip } from "./gunzip.ts";
import { peek } from "./peek.ts";
import { ReadableReader } from "./readable-reader.ts";
import { ZstdFrames } from "./zstd-frames.ts";

export interface DecompressLimits {
  /** The maximum size of a log, as a multiple of its compressed size. */
  readonly ratio: number;
  /** The ratio does not apply up to this number of bytes. */
  readonly ratioFreeBytes: number;
}

const DEFAULT_LIMITS: DecompressLimits = { ratio: 200, ratioFreeBytes: 64 * 1024 * 1024 };

interface Format {
  readonly magic: readonly number[];
  readonly decode: (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;
}

const PIECE_BYTES = 64 * 1024;
/** The decoder receives input in parts of this size, so that the ratio applies to what it has actually read. */
const INPUT_BYTES = 16 * 1024;

const FORMATS: readonly Format[] = [
  { magic: [0x1f, 0x8b], decode: gunzip },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], decode: unzstd },
];

/**
 * Decompresses one layer of gzip or zstd, recognized by the first bytes; anything else passes unchanged. Several gzip
 * members or zstd frames are one log.
 *
 * An error comes after all bytes that could be decoded.
 *
 * @param limits Default: 200 times, above 64 MiB.
 * @throws DecompressionLimit, DecompressionFailed, and what the source throws.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  limits: DecompressLimits = DEFAULT_LIMITS,
): AsyncGenerator<Uint8Array> {
  const { head, whole } = await peek(source, (bytes) => !mayBeCompressed(bytes) || isCompressed(bytes));
  const format = formatOf(head);
  yield* format === undefined ? whole : decode(whole, format, limits);
}

/** Whether a source that begins with these bytes is compressed. */
export function isCompressed(head: Uint8Array): boolean {
  return formatOf(head) !== undefined;
}

/** Whether a source that begins with these bytes is compressed, or may be once more bytes have arrived. */
export function mayBeCompressed(head: Uint8Array): boolean {
  return isCompressed(head) || FORMATS.some(({ magic }) => mayBecome(head, magic));
}

function formatOf(head: Uint8Array): Format | undefined {
  return FORMATS.find(({ magic }) => magic.every((byte, at) => head[at] === byte));
}

/** Whether these bytes are a proper prefix of the magic number. */
function mayBecome(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length < magic.length && bytes.every((byte, at) => byte === magic[at]);
}

/** @throws DecompressionLimit. */
async function* decode(
  source: AsyncIterable<Uint8Array>,
  format: Format,
  { ratio, ratioFreeBytes }: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  let bytesIn = 0;
  let bytesOut = 0;
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      for (let at = 0; at < piece.length; at += INPUT_BYTES) {
        const part = piece.subarray(at, at + INPUT_BYTES);
        bytesIn += part.length;
        yield part;
      }
    }
  };
  for await (const piece of format.decode(parts())) {
    bytesOut += piece.length;
    if (bytesOut > ratioFreeBytes && bytesOut > ratio * bytesIn) throw new DecompressionLimit(ratio);
    yield piece;
  }
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The window size that RFC 8878 recommends decoders to support: 8 MiB. A frame could request 128 MiB.
  const decoder = createZstdDecompress({ chunkSize: PIECE_BYTES, params: { [constants.ZSTD_d_windowLogMax]: 23 } });
  const reader = new ReadableReader(decoder);
  const frames = new ZstdFrames();

  /** Yields the decoder's output until `finished`. */
  const drain = async function* (finished: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = reader.take();
      if (piece !== undefined) yield piece;
      else if (damagedIfThrows(() => reader.ended()) || finished()) return;
      else await reader.changed();
    }
  };

  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) {
        const rest = piece.subarray(at);
        const part = rest.subarray(
          0,
          damagedIfThrows(() => frames.follow(rest)),
        );
        at += part.length;
        let written = false;
        decoder.write(part, () => {
          written = true;
          reader.wake();
        });
        yield* drain(() => written);
      }
    }
    if (!frames.whole) throw new DecompressionFailed(frames.dataWhole ? "trailer-missing" : "cut-short");
    decoder.end();
    yield* drain(() => false);
  } finally {
    decoder.destroy();
  }
}

function damagedIfThrows<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new DecompressionFailed("damaged", cause);
  }
}

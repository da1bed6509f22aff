import type { Transform } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
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

/** Thrown when compressed data exceeds the ratio. */
export class DecompressionLimit extends Error {
  /** The ratio that was exceeded. */
  readonly ratio: number;

  constructor(ratio: number) {
    super(`The compressed log expands to more than ${ratio} times its size.`);
    this.name = "DecompressionLimit";
    this.ratio = ratio;
  }
}

/** Thrown when compressed data is damaged or truncated. */
export class DecompressionFailed extends Error {
  /** Whether only the end is missing: the data may still be being written. */
  readonly isCutShort: boolean;

  constructor(cause: unknown, isCutShort = false) {
    super("The compressed log is damaged or truncated.", { cause });
    this.name = "DecompressionFailed";
    this.isCutShort = isCutShort;
  }
}

interface Format {
  readonly magic: readonly number[];
  readonly createDecoder: () => Transform;
  readonly frames?: () => ZstdFrames;
}

const PIECE_BYTES = 64 * 1024;
/** The decoder receives input in parts of this size, so that the ratio applies to what it has actually read. */
const INPUT_BYTES = 16 * 1024;

const FORMATS: readonly Format[] = [
  { magic: [0x1f, 0x8b], createDecoder: () => createGunzip({ chunkSize: PIECE_BYTES }) },
  {
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    createDecoder: () =>
      createZstdDecompress({
        chunkSize: PIECE_BYTES,
        // The window size that RFC 8878 recommends decoders to support: 8 MiB. A frame could request 128 MiB.
        params: { [constants.ZSTD_d_windowLogMax]: 23 },
      }),
    frames: () => new ZstdFrames(),
  },
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

async function* decode(
  source: AsyncIterable<Uint8Array>,
  format: Format,
  { ratio, ratioFreeBytes }: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  const decoder = format.createDecoder();
  const reader = new ReadableReader(decoder);
  const frames = format.frames?.();
  let bytesIn = 0;
  let bytesOut = 0;

  /** Yields the decoder's output until `finished`. */
  const drain = async function* (finished: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = reader.take();
      if (piece !== undefined) {
        bytesOut += piece.length;
        if (bytesOut > ratioFreeBytes && bytesOut > ratio * bytesIn) throw new DecompressionLimit(ratio);
        yield piece;
      } else if (isEnded(reader) || finished()) {
        return;
      } else {
        await reader.changed();
      }
    }
  };

  try {
    for await (const piece of source) {
      for (const part of partsOf(piece, frames)) {
        let written = false;
        bytesIn += part.length;
        decoder.write(part, () => {
          written = true;
          reader.wake();
        });
        yield* drain(() => written);
      }
    }
    if (frames?.whole === false) throw new DecompressionFailed(new Error("The last zstd frame is truncated."), true);
    decoder.end();
    yield* drain(() => false);
  } finally {
    decoder.destroy();
  }
}

function isEnded(reader: ReadableReader): boolean {
  try {
    return reader.ended();
  } catch (cause) {
    // Z_BUF_ERROR is gunzip's error for a truncated input.
    throw new DecompressionFailed(cause, cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR");
  }
}

function* partsOf(piece: Uint8Array, frames: ZstdFrames | undefined): Generator<Uint8Array> {
  for (let at = 0; at < piece.length; ) {
    const part = piece.subarray(at, at + INPUT_BYTES);
    const length = frames === undefined ? part.length : frameLength(frames, part);
    yield part.subarray(0, length);
    at += length;
  }
}

function frameLength(frames: ZstdFrames, part: Uint8Array): number {
  try {
    return frames.follow(part);
  } catch (cause) {
    throw new DecompressionFailed(cause);
  }
}

import { crc32, createInflateRaw } from "node:zlib";
import { DecompressionFailed } from "./decompression-error.ts";
import { ReadableReader } from "./readable-reader.ts";

const PIECE_BYTES = 64 * 1024;
const MAGIC = [0x1f, 0x8b];
const TRAILER_BYTES = 8;
/** Bits of the header's flags (RFC 1952, section 2.3.1). */
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/**
 * Decodes gzip members, one after another (RFC 1952). Zeros after a member are padding.
 *
 * Node's own decoder does not tell a missing trailer from missing data.
 *
 * @param source pieces of compressed data.
 * @throws DecompressionFailed, after everything that could be decoded; what the source throws.
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let header: Generator<undefined, void, number> | undefined;
  let data: MemberData | undefined;
  let trailer: number[] | undefined;
  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) {
        if (trailer !== undefined) {
          trailer.push(piece[at] ?? 0);
          at += 1;
          if (trailer.length < TRAILER_BYTES) continue;
          checkTrailer(data, trailer);
          data?.close();
          data = undefined;
          trailer = undefined;
          header = undefined;
        } else if (data !== undefined) {
          at += yield* data.decode(piece.subarray(at));
          if (data.ended) trailer = [];
        } else if (header === undefined) {
          // Padding, where a member came before.
          if (piece[at] === 0) at += 1;
          else {
            header = readHeader();
            header.next();
          }
        } else {
          if (header.next(piece[at] ?? 0).done === true) data = new MemberData();
          at += 1;
        }
      }
    }
    if (data === undefined && header !== undefined) throw new DecompressionFailed("cut-short");
    if (data !== undefined) {
      if (trailer === undefined) yield* data.end();
      checkTrailer(data, trailer ?? []);
      throw new DecompressionFailed("trailer-missing");
    }
  } finally {
    data?.close();
  }
}

/** Takes the bytes of a member's header, one with each call of `next` after the first. */
function* readHeader(): Generator<undefined, void, number> {
  const fixed: number[] = [];
  while (fixed.length < 10) {
    fixed.push(yield);
    const at = fixed.length - 1;
    if (at < MAGIC.length && fixed[at] !== MAGIC[at]) throw invalid("Expected a gzip member.");
  }
  const flags = fixed[3] ?? 0;
  if (fixed[2] !== 8 || (flags & FLAG.reserved) !== 0) throw invalid("Unknown gzip method or flags.");
  if (flags & FLAG.extra) {
    const length = (yield) + 256 * (yield);
    for (let left = length; left > 0; left -= 1) yield;
  }
  if (flags & FLAG.name) while ((yield) !== 0);
  if (flags & FLAG.comment) while ((yield) !== 0);
  if (flags & FLAG.headerCrc) {
    yield;
    yield;
  }
}

/** The deflated data of one member. */
class MemberData {
  ended = false;
  readonly #decoder = createInflateRaw({ chunkSize: PIECE_BYTES });
  readonly #reader = new ReadableReader(this.#decoder);
  #crc = 0;
  #length = 0;

  /** What its trailer must be: the CRC-32 and the length of the data. */
  get trailer(): Uint8Array {
    const bytes = Buffer.alloc(TRAILER_BYTES);
    bytes.writeUInt32LE(this.#crc, 0);
    bytes.writeUInt32LE(this.#length % 2 ** 32, 4);
    return bytes;
  }

  /** Yields what it decodes from a part of the source. Returns how many bytes belong to this member's data. */
  async *decode(part: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const before = this.#decoder.bytesWritten;
    let written = false;
    this.#decoder.write(part, () => {
      written = true;
      this.#reader.wake();
    });
    const taken = (): number => this.#decoder.bytesWritten - before;
    // What the decoder leaves is behind the data's end, which shows only there.
    yield* this.#drain(() => written && taken() === part.length);
    return taken();
  }

  /** @throws DecompressionFailed if the data has not ended. */
  async *end(): AsyncGenerator<Uint8Array> {
    this.#decoder.end();
    yield* this.#drain(() => false);
  }

  close(): void {
    this.#decoder.destroy();
  }

  async *#drain(finished: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#reader.take();
      if (piece !== undefined) {
        this.#crc = crc32(piece, this.#crc);
        this.#length += piece.length;
        yield piece;
      } else if (this.#hasEnded()) {
        this.ended = true;
        return;
      } else if (finished()) {
        return;
      } else {
        await this.#reader.changed();
      }
    }
  }

  #hasEnded(): boolean {
    try {
      return this.#reader.ended();
    } catch (cause) {
      // zlib's error for a truncated input.
      const isCutShort = cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
      throw new DecompressionFailed(isCutShort ? "cut-short" : "damaged", cause);
    }
  }
}

/** @throws DecompressionFailed if these bytes, the first ones of a trailer or all of it, are not the data's. */
function checkTrailer(data: MemberData | undefined, found: readonly number[]): void {
  const expected = data?.trailer;
  if (!found.every((byte, at) => byte === expected?.[at])) throw invalid("The checksum of a gzip member is wrong.");
}

function invalid(message: string): DecompressionFailed {
  return new DecompressionFailed("damaged", new Error(message));
}

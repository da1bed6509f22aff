import type { OpenedFile } from "../sources/source.ts";
import { cutLength } from "../stream/characters.ts";
import { type CharsetDecoder, createDecoder, type DecodedPart } from "../stream/charset.ts";
import {
  DecompressionFailed,
  type DecompressLimits,
  decompress,
  isCompressed,
  mayBeCompressed,
} from "../stream/decompress.ts";
import { encodingOf } from "../stream/encoding.ts";
import { peek } from "../stream/peek.ts";
import { TailBuffer } from "../stream/tail-buffer.ts";
import type { BytePlace } from "./place.ts";
import type { SourceRequest } from "./source-request.ts";
import { SourceText } from "./source-text.ts";
import { FIRST_PIECE_BYTES, PIECE_BYTES, type TextPiece } from "./text.ts";

export interface FileTextOptions {
  /** Whether the file still grows: an unfinished character or compressed block at its end is left for the next read. */
  readonly growing: boolean;
  readonly limits: DecompressLimits;
}

/**
 * The text of a log that is stored as one file: decompressed, decoded, in pieces.
 *
 * Only the body and the decompressor are awaited; everything else is done at once with the bytes at hand.
 */
export class FileText extends SourceText<Uint8Array> {
  decodedFrom: string | undefined;
  readonly #log: OpenedFile;
  readonly #options: FileTextOptions;
  #body: AsyncIterator<Uint8Array, undefined>;
  /** `undefined` until the first bytes have shown the encoding. */
  #decoder: CharsetDecoder | undefined;
  #compressed = false;
  /** Bytes that are not decoded yet, and parts that are decoded and not returned yet. */
  #undecoded: Uint8Array | undefined;
  #parts: readonly DecodedPart[] = [];
  #nextPart = 0;
  #pieceBytes = FIRST_PIECE_BYTES;
  #offset = 0;
  #stored: number | undefined = 0;
  #tail: TailBuffer;
  /** The end of the stored file, once its bytes differ from the text's. */
  #storedTail: TailBuffer | undefined;

  /** The text of a whole file. */
  constructor(log: OpenedFile, request: SourceRequest, options: FileTextOptions) {
    super(log, request);
    this.#log = log;
    this.#options = options;
    this.#body = log.body[Symbol.asyncIterator]();
    this.#tail = new TailBuffer();
  }

  /**
   * Returns the text of a file from a place on, where the body begins.
   *
   * @param before the stored bytes before it.
   */
  static inside(
    log: OpenedFile,
    place: BytePlace & { readonly stored: number },
    before: Uint8Array,
    request: SourceRequest,
    options: FileTextOptions,
  ): FileText {
    const text = new FileText(log, request, options);
    text.#decoder = createDecoder("utf-8");
    text.#offset = place.offset;
    text.#stored = place.stored;
    // If bytes were replaced, the stored bytes before the place are not the text.
    if (place.storedFingerprint === undefined) text.#tail = new TailBuffer(before);
    else text.#storedTail = new TailBuffer(before);
    return text;
  }

  get replaced(): boolean {
    return this.#decoder?.replaced === true;
  }

  protected take(): TextPiece | undefined {
    for (;;) {
      const part = this.#parts[this.#nextPart];
      if (part !== undefined) {
        this.#nextPart += 1;
        return this.#pieceOf(part);
      }
      if (this.#undecoded === undefined) return undefined;
      this.#decode(this.#undecoded);
    }
  }

  protected leave(): void {
    this.#body.return?.().catch(() => undefined);
  }

  protected discard(): void {
    this.#undecoded = undefined;
    this.#parts = [];
  }

  protected read(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#decoder === undefined) return this.#readFirst();
    return this.#options.growing ? this.#readGrowing() : this.#body.next();
  }

  protected add(next: IteratorResult<Uint8Array, undefined>): void {
    if (next.done !== true) {
      this.#undecoded = next.value;
      return;
    }
    this.end();
    this.#setParts(this.#decoder?.end(this.#options.growing) ?? []);
  }

  #readGrowing(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#body.next().catch((error: unknown) => {
      // It ends where it has been written to.
      if (error instanceof DecompressionFailed && error.isCutShort) return END;
      throw error;
    });
  }

  /** Detects compression and encoding by the first bytes. */
  async #readFirst(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { charset } = this.#log;
    const isTold = (head: Uint8Array): boolean => encodingOf(head, charset, false) !== undefined;
    const stored = await peek(
      { [Symbol.asyncIterator]: () => this.#body },
      (head) => isCompressed(head) || (!mayBeCompressed(head) && isTold(head)),
    );
    this.#compressed = isCompressed(stored.head);
    const text = this.#compressed ? await peek(decompress(stored.whole, this.#options.limits), isTold) : stored;
    this.#body = text.whole;
    const { name, markBytes } = encodingOf(text.head, charset, true) ?? { name: "utf-8", markBytes: 0 };
    if (name !== "utf-8") this.decodedFrom = name;
    if (name !== "utf-8" || this.#compressed) this.#stored = undefined;
    this.#decoder = createDecoder(name);
    return markBytes > 0 ? this.#skipMark(markBytes) : this.read();
  }

  /** Skips a byte order mark, which may come in pieces. */
  async #skipMark(bytes: number): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#stored !== undefined) this.#stored += bytes;
    for (let left = bytes; left > 0; ) {
      const next = await this.#body.next();
      if (next.done === true) return next;
      const rest = next.value.subarray(left);
      left -= next.value.length - rest.length;
      if (rest.length > 0) return { done: false, value: rest };
    }
    return this.read();
  }

  #decode(bytes: Uint8Array): void {
    const length = cutLength(bytes, this.#pieceBytes) || bytes.length;
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, PIECE_BYTES);
    this.#undecoded = length === bytes.length ? undefined : bytes.subarray(length);
    this.#setParts(this.#decoder?.push(length === bytes.length ? bytes : bytes.subarray(0, length)) ?? []);
  }

  #setParts(parts: readonly DecodedPart[]): void {
    this.#parts = parts;
    this.#nextPart = 0;
    // Up to here, the stored bytes were the text.
    if (this.replaced && this.#stored !== undefined) this.#storedTail ??= new TailBuffer(this.#tail.bytes);
  }

  #pieceOf({ bytes, stored }: DecodedPart): TextPiece {
    this.#offset += bytes.length;
    this.#tail.push(bytes);
    const after: BytePlace = { kind: "bytes", offset: this.#offset, fingerprint: this.#tail.fingerprint() };
    if (this.#stored !== undefined && stored !== undefined) {
      this.#stored += stored.length;
      after.stored = this.#stored;
      if (this.#storedTail !== undefined) {
        this.#storedTail.push(stored);
        after.storedFingerprint = this.#storedTail.fingerprint();
      }
    }
    return { bytes, times: undefined, after, lost: false };
  }
}

const END = { done: true, value: undefined } as const;

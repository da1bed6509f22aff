import { cutLength } from "../stream/characters.ts";
import { type CharsetDecoder, createDecoder, type DecodedPart } from "../stream/charset.ts";
import { TailBuffer } from "../stream/tail-buffer.ts";
import type { ExaminedFile, FileTextOptions } from "./examine-file.ts";
import { throwUnlessEnd } from "./log-damaged.ts";
import type { BytePlace } from "./place.ts";
import type { SourceRequest } from "./source-request.ts";
import { SourceText } from "./source-text.ts";
import { type Decoding, FIRST_PIECE_BYTES, PIECE_BYTES, type TextPiece } from "./text.ts";

/**
 * The text of a log that is stored as one file: decompressed, decoded, in pieces.
 *
 * Only the body and the decompressor are awaited; everything else is done at once with the bytes at hand.
 */
export class FileText extends SourceText<Uint8Array> {
  readonly document: ExaminedFile["document"];
  readonly #file: ExaminedFile;
  readonly #options: FileTextOptions;
  readonly #decoder: CharsetDecoder;
  /** Bytes of a byte order mark that are still to be skipped. */
  #markBytes: number;
  /** Bytes that are not decoded yet, and parts that are decoded and not returned yet. */
  #undecoded: Uint8Array | undefined;
  #parts: readonly DecodedPart[] = [];
  #nextPart = 0;
  #pieceBytes = FIRST_PIECE_BYTES;
  #offset = 0;
  #stored: number | undefined;
  #tail: TailBuffer;
  /** The end of the stored file, once its bytes differ from the text's. */
  #storedTail: TailBuffer | undefined;

  /** The text of a whole file. */
  constructor(file: ExaminedFile, request: SourceRequest, options: FileTextOptions) {
    super(file.log, request, false);
    const { document, encoding, compressed } = file;
    this.document = document;
    this.#file = file;
    this.#options = options;
    this.#decoder = createDecoder(encoding.name);
    this.#markBytes = encoding.markBytes;
    this.#stored = compressed ? undefined : encoding.markBytes;
    this.#tail = new TailBuffer();
  }

  /**
   * Returns the text of a file from a place on, where the body begins.
   *
   * @param before the stored bytes before it.
   */
  static inside(
    file: ExaminedFile,
    place: BytePlace & { readonly stored: number },
    before: Uint8Array,
    request: SourceRequest,
    options: FileTextOptions,
  ): FileText {
    const text = new FileText(file, request, options);
    text.#offset = place.offset;
    text.#stored = place.stored;
    // If bytes were replaced or decoded, the stored bytes before the place are not the text.
    if (place.storedFingerprint === undefined) text.#tail = new TailBuffer(before);
    else text.#storedTail = new TailBuffer(before);
    return text;
  }

  get replaced(): boolean {
    return this.#decoder.replaced;
  }

  get decoding(): Decoding | undefined {
    const { encoding: from } = this.#file;
    if (from.name === "utf-8") return undefined;
    const { decoded, keptUtf8 } = this.#decoder;
    return { from, decoded, keptUtf8 };
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
    this.#file.body.return?.().catch(() => undefined);
  }

  protected discard(): void {
    this.#undecoded = undefined;
    this.#parts = [];
  }

  protected read(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#markBytes > 0) return this.#skipMark();
    const { body, compressed } = this.#file;
    return compressed ? body.next().catch((error: unknown) => this.#endOrThrow(error)) : body.next();
  }

  protected add(next: IteratorResult<Uint8Array, undefined>): void {
    if (next.done !== true) {
      this.#undecoded = next.value;
      return;
    }
    this.end();
    this.#setParts(this.#decoder.end(this.#options.growing));
  }

  /** @throws LogDamaged, SourceError if the store did not send all of it, or the error. */
  #endOrThrow(error: unknown): typeof END {
    const { source, log } = this.#file;
    throwUnlessEnd(error, source, { delimited: log.delimited, settled: this.#options.settled });
    this.unproven = true;
    return END;
  }

  /** Skips a byte order mark, which may come in pieces. */
  async #skipMark(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#markBytes > 0) {
      const next = await this.#file.body.next();
      if (next.done === true) return next;
      const rest = next.value.subarray(this.#markBytes);
      this.#markBytes -= next.value.length - rest.length;
      if (rest.length > 0) return { done: false, value: rest };
    }
    return this.read();
  }

  #decode(bytes: Uint8Array): void {
    const length = cutLength(bytes, this.#pieceBytes) || bytes.length;
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, PIECE_BYTES);
    this.#undecoded = length === bytes.length ? undefined : bytes.subarray(length);
    this.#setParts(this.#decoder.push(length === bytes.length ? bytes : bytes.subarray(0, length)));
  }

  #setParts(parts: readonly DecodedPart[]): void {
    this.#parts = parts;
    this.#nextPart = 0;
    // Up to here, the stored bytes were the text.
    const differs = this.#decoder.replaced || this.#decoder.decoded;
    if (differs && this.#stored !== undefined) this.#storedTail ??= new TailBuffer(this.#tail.bytes);
  }

  #pieceOf({ bytes, stored, inside = false }: DecodedPart): TextPiece {
    this.#offset += bytes.length;
    this.#tail.push(bytes);
    const after: BytePlace = { kind: "bytes", offset: this.#offset, fingerprint: this.#tail.fingerprint() };
    if (this.#stored !== undefined && stored !== undefined) {
      this.#stored += stored.length;
      this.#storedTail?.push(stored);
      if (!inside) {
        after.stored = this.#stored;
        if (this.#storedTail !== undefined) after.storedFingerprint = this.#storedTail.fingerprint();
        if (this.#file.encoding.name !== "utf-8") after.encoding = this.#file.encoding.name;
      }
    }
    return { bytes, times: undefined, after, lost: false };
  }
}

const END = { done: true, value: undefined } as const;

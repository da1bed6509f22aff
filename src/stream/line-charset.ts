import { isAscii, isUtf8 } from "node:buffer";
import { cutLength, LINE_FEED, unfinishedLength } from "./characters.ts";
import type { CharsetDecoder, DecodedPart } from "./charset.ts";

/**
 * How much of a line decides, from its first byte that is not ASCII: the rest of a longer line is decoded as this much
 * of it is.
 */
export const LINE_BYTES = 64 * 1024;
/** Text is decoded in parts of this size, because each byte may become three. */
const DECODED_BYTES = 64 * 1024;
const KEPT_BYTES = 128 * 1024;

const NOTHING = new Uint8Array(0);
const REPLACEMENT = "\ufffd";

type Kind = "utf-8" | "charset";

/**
 * Decodes a text in an encoding that contains ASCII, except the lines that are valid UTF-8 with characters beyond
 * ASCII: these are hardly anything else, whatever the encoding is said to be.
 *
 * Each line is decoded by itself, so that the text is the same wherever reading begins: at the end of a part, unless it
 * is `inside`. Until its end, a line is held back from its first byte that is not ASCII.
 */
export class LineCharset implements CharsetDecoder {
  decoded = false;
  keptUtf8 = false;
  readonly #encoding: string;
  readonly #createWhole: (encoding: string) => CharsetDecoder;
  #replaced = false;
  /** The current line, from its first byte that is not ASCII. */
  #carry = NOTHING;
  /** Decodes the rest of a long line. */
  #rest: CharsetDecoder | undefined;
  /** Bytes of it from which nothing was decoded yet. */
  #pending: Uint8Array[] = [];

  /** @param createWhole creates a decoder for a text in one encoding, `utf-8` included. */
  constructor(encoding: string, createWhole: (encoding: string) => CharsetDecoder) {
    this.#encoding = encoding;
    this.#createWhole = createWhole;
  }

  get replaced(): boolean {
    return this.#replaced;
  }

  get carried(): number {
    return this.#carry.length;
  }

  push(piece: Uint8Array): readonly DecodedPart[] {
    const parts: DecodedPart[] = [];
    let bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    this.#carry = NOTHING;
    if (this.#rest !== undefined) bytes = this.#pushRest(this.#rest, bytes, parts);
    const lines = bytes.subarray(0, bytes.lastIndexOf(LINE_FEED) + 1);
    this.#addLines(lines, parts);
    const line = bytes.subarray(lines.length);
    const plain = asciiLength(line);
    if (plain > 0) parts.push(asItIs(line.subarray(0, plain)));
    // A copy, so that it does not keep a whole piece in memory while a followed log is silent.
    this.#carry = new Uint8Array(line.subarray(plain));
    if (this.#carry.length >= LINE_BYTES) {
      const long = this.#carry;
      this.#carry = NOTHING;
      this.#rest = this.#createRest(long);
      this.#pushRest(this.#rest, long, parts);
    }
    return parts;
  }

  end(growing: boolean): readonly DecodedPart[] {
    const parts: DecodedPart[] = [];
    if (this.#rest !== undefined) this.#addRest(this.#rest.end(growing), parts);
    else if (!growing) this.#addLines(this.#carry, parts);
    this.#carry = NOTHING;
    return parts;
  }

  /** Adds whole lines. */
  #addLines(lines: Uint8Array, parts: DecodedPart[]): void {
    if (isUtf8(lines)) {
      this.#addUtf8(lines, parts);
      return;
    }
    // Stretches of lines that are decoded alike, of which one part is made.
    let texts: Uint8Array[] = [];
    let partFrom = 0;
    let from = 0;
    let kind: Kind | undefined;
    const endStretch = (at: number): void => {
      if (at > from) texts.push(this.#decode(lines.subarray(from, at), kind));
      from = at;
      kind = undefined;
    };
    const endPart = (at: number): void => {
      endStretch(at);
      const [only] = texts;
      if (only !== undefined) {
        const bytes = texts.length === 1 ? only : Buffer.concat(texts);
        parts.push({ bytes, stored: lines.subarray(partFrom, at) });
      }
      texts = [];
      partFrom = at;
    };
    for (let at = 0; at < lines.length; ) {
      const feed = lines.indexOf(LINE_FEED, at);
      const end = feed === -1 ? lines.length : feed + 1;
      const line = lines.subarray(at, end);
      if (end - partFrom > DECODED_BYTES) endPart(at);
      if (line.length >= LINE_BYTES) {
        endPart(at);
        this.#addLong(line, parts);
        partFrom = end;
        from = end;
      } else if (!isAscii(line)) {
        const own = isUtf8(line) ? "utf-8" : "charset";
        if (kind !== undefined && kind !== own) endStretch(at);
        kind = own;
      }
      at = end;
    }
    endPart(lines.length);
  }

  /** Decodes whole lines of one kind. */
  #decode(lines: Uint8Array, kind: Kind | undefined): Uint8Array {
    if (kind === "utf-8") this.keptUtf8 = true;
    if (kind !== "charset") return lines;
    this.decoded = true;
    const text = new TextDecoder(this.#encoding).decode(lines);
    this.#replaced ||= text.includes(REPLACEMENT);
    return Buffer.from(text);
  }

  #addUtf8(lines: Uint8Array, parts: DecodedPart[]): void {
    this.keptUtf8 ||= !isAscii(lines);
    for (let rest = lines; rest.length > 0; ) {
      const part = rest.subarray(0, cutLength(rest, KEPT_BYTES));
      parts.push(asItIs(part));
      rest = rest.subarray(part.length);
    }
  }

  /** Adds a line that may be longer than what decides about it. */
  #addLong(line: Uint8Array, parts: DecodedPart[]): void {
    const plain = asciiLength(line);
    const rest = line.subarray(plain);
    if (plain > 0) this.#addUtf8(line.subarray(0, plain), parts);
    if (rest.length < LINE_BYTES) {
      if (rest.length > 0) parts.push({ bytes: this.#decode(rest, kindOf(rest)), stored: rest });
      return;
    }
    const decoder = this.#createRest(rest);
    this.#rest = decoder;
    this.#pushRest(decoder, rest, parts);
    if (this.#rest !== undefined) this.#addRest(decoder.end(false), parts);
    this.#rest = undefined;
  }

  #createRest(line: Uint8Array): CharsetDecoder {
    const kind = kindOf(line);
    if (kind === "charset") this.decoded = true;
    else this.keptUtf8 = true;
    return this.#createWhole(kind === "charset" ? this.#encoding : "utf-8");
  }

  /** Decodes more of a long line. Returns what is behind its end. */
  #pushRest(decoder: CharsetDecoder, bytes: Uint8Array, parts: DecodedPart[]): Uint8Array {
    const feed = bytes.indexOf(LINE_FEED);
    const end = feed === -1 ? bytes.length : feed + 1;
    for (let at = 0; at < end; at += DECODED_BYTES) {
      const part = bytes.subarray(at, Math.min(end, at + DECODED_BYTES));
      this.#pending.push(part);
      this.#addRest(decoder.push(part), parts);
    }
    if (feed !== -1) {
      this.#addRest(decoder.end(false), parts);
      this.#replaced ||= decoder.replaced;
      const last = parts.pop();
      if (last !== undefined) parts.push({ ...last, inside: false });
      this.#rest = undefined;
    }
    return bytes.subarray(end);
  }

  #addRest(decoded: readonly DecodedPart[], parts: DecodedPart[]): void {
    this.#replaced ||= this.#rest?.replaced === true;
    for (const { bytes } of decoded) {
      // What the decoder still holds counts here too: at the line's end it is right.
      parts.push({ bytes, stored: Buffer.concat(this.#pending), inside: true });
      this.#pending = [];
    }
  }
}

function asItIs(bytes: Uint8Array): DecodedPart {
  return { bytes, stored: bytes };
}

function asciiLength(bytes: Uint8Array): number {
  if (isAscii(bytes)) return bytes.length;
  let length = 0;
  while ((bytes[length] ?? 0x80) < 0x80) length += 1;
  return length;
}

/** How a line is decoded. `undefined`: it is ASCII, which is the same in both. */
function kindOf(line: Uint8Array): Kind | undefined {
  const plain = asciiLength(line);
  if (plain === line.length) return undefined;
  const rest = line.subarray(plain, plain + LINE_BYTES);
  const cut = rest.length < LINE_BYTES ? 0 : unfinishedLength(rest);
  return isUtf8(rest.subarray(0, rest.length - cut)) ? "utf-8" : "charset";
}

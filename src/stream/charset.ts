import { isUtf8 } from "node:buffer";
import { cutLength, unfinishedLength } from "./characters.ts";
import { LineCharset } from "./line-charset.ts";

/** A decoded part of a text. */
export interface DecodedPart {
  /** Valid UTF-8 of whole characters. */
  readonly bytes: Uint8Array;
  /** The bytes that it was decoded from. `undefined` if the encoding's decoder does not report it. */
  readonly stored: Uint8Array | undefined;
  /** Whether its end lies inside a line whose beginning decides how the rest is decoded. Default: no. */
  readonly inside?: boolean;
}

/** Decodes a text, in pieces that may be cut anywhere, to valid UTF-8. */
export interface CharsetDecoder {
  /** Whether something could not be decoded and was replaced by U+FFFD. */
  readonly replaced: boolean;
  /** Whether something was decoded from the encoding. Always false for UTF-8. */
  readonly decoded: boolean;
  /** Whether lines were UTF-8 although the encoding is another. */
  readonly keptUtf8: boolean;
  /** How many bytes of a cut character are kept for the next piece. */
  readonly carried: number;
  /** Decodes the next piece. Returns no part if there are too few bytes for a character. */
  push(piece: Uint8Array): readonly DecodedPart[];
  /**
   * Decodes the rest at the end of the text.
   *
   * @param growing whether the text is still being written: then an incomplete character at its end is omitted, not
   * replaced.
   */
  end(growing: boolean): readonly DecodedPart[];
}

const REPLACEMENT = "\ufffd";
const NOTHING = new Uint8Array(0);
const NO_PARTS: readonly DecodedPart[] = [];
/** For whole characters, without state. In the middle of a text, a byte order mark is an ordinary character. */
const REPAIRING = new TextDecoder("utf-8", { ignoreBOM: true });
/**
 * The minimum input of a decoder of another encoding before the end: Node throws when the characters from bytes that it
 * held back do not fit into a buffer of the size of the piece.
 */
const MIN_DECODED_BYTES = 4;
/** Text that is not UTF-8 is decoded in parts of this size, because each byte may become three. */
const REPAIRED_BYTES = 64 * 1024;

/** Encodings in which a line cannot be decoded by itself, or in which ASCII bytes may mean something else. */
const NOT_BY_LINES: ReadonlySet<string> = new Set(["utf-16le", "utf-16be", "iso-2022-jp"]);

/**
 * Creates the decoder for an encoding: see {@link LineCharset} for those that contain ASCII.
 *
 * Valid UTF-8 passes without a copy. Invalid bytes in it are replaced as the WHATWG encoding standard requires,
 * independently of how the text is cut.
 *
 * @param encoding a name from the WHATWG encoding standard.
 */
export function createDecoder(encoding: string): CharsetDecoder {
  return encoding === "utf-8" || NOT_BY_LINES.has(encoding)
    ? createWholeDecoder(encoding)
    : new LineCharset(encoding, createWholeDecoder);
}

function createWholeDecoder(encoding: string): CharsetDecoder {
  return encoding === "utf-8" ? new Utf8Repair() : new OtherCharset(encoding);
}

class Utf8Repair implements CharsetDecoder {
  replaced = false;
  readonly decoded = false;
  readonly keptUtf8 = false;
  #carry = NOTHING;

  get carried(): number {
    return this.#carry.length;
  }

  push(piece: Uint8Array): readonly DecodedPart[] {
    const bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    const length = bytes.length - unfinishedLength(bytes);
    if (length === bytes.length) {
      this.#carry = NOTHING;
      return this.#valid(bytes);
    }
    // A copy, so that three bytes do not keep a whole piece in memory while a followed log is silent.
    this.#carry = new Uint8Array(bytes.subarray(length));
    return length === 0 ? NO_PARTS : this.#valid(bytes.subarray(0, length));
  }

  end(growing: boolean): readonly DecodedPart[] {
    const rest = this.#carry;
    this.#carry = NOTHING;
    return rest.length === 0 || growing ? NO_PARTS : this.#valid(rest);
  }

  #valid(bytes: Uint8Array): readonly DecodedPart[] {
    if (isUtf8(bytes)) return [{ bytes, stored: bytes }];
    this.replaced = true;
    const parts: DecodedPart[] = [];
    for (let rest = bytes; rest.length > 0; ) {
      const stored = rest.subarray(0, cutLength(rest, REPAIRED_BYTES));
      rest = rest.subarray(stored.length);
      parts.push({ bytes: isUtf8(stored) ? stored : Buffer.from(REPAIRING.decode(stored)), stored });
    }
    return parts;
  }
}

class OtherCharset implements CharsetDecoder {
  replaced = false;
  readonly decoded = true;
  readonly keptUtf8 = false;
  readonly #decoder: TextDecoder;
  #carry = NOTHING;

  constructor(encoding: string) {
    // With ignoreBOM, Node drops a first byte 0xFF in windows-1252 (https://github.com/nodejs/node/pull/60893). Only
    // UTF-16 has byte order marks here.
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: encoding.startsWith("utf-16") });
  }

  get carried(): number {
    return this.#carry.length;
  }

  push(piece: Uint8Array): readonly DecodedPart[] {
    const bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    this.#carry = bytes.length < MIN_DECODED_BYTES ? new Uint8Array(bytes) : NOTHING;
    if (this.#carry.length > 0) return NO_PARTS;
    const max = bytes.length <= REPAIRED_BYTES + MIN_DECODED_BYTES ? bytes.length : REPAIRED_BYTES;
    const parts: DecodedPart[] = [];
    for (let at = 0; at < bytes.length; ) {
      // No part is shorter than the decoder's minimum.
      const end = bytes.length - at < max + MIN_DECODED_BYTES ? bytes.length : at + max;
      this.#add(parts, this.#decoder.decode(bytes.subarray(at, end), { stream: true }));
      at = end;
    }
    return parts;
  }

  end(growing: boolean): readonly DecodedPart[] {
    const parts: DecodedPart[] = [];
    if (!growing) this.#add(parts, this.#decoder.decode(this.#carry));
    return parts;
  }

  #add(parts: DecodedPart[], text: string): void {
    if (text === "") return;
    this.replaced ||= text.includes(REPLACEMENT);
    parts.push({ bytes: Buffer.from(text), stored: undefined });
  }
}

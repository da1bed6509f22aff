import { isUtf8 } from "node:buffer";
import { cutLength, unfinishedLength } from "./characters.ts";

/** A part of a text, decoded. */
export interface DecodedPart {
  /** Valid UTF-8; no character is cut at its end. */
  readonly bytes: Uint8Array;
  /** The bytes it was made of. Absent where the source is in another encoding than UTF-8: its decoder does not say. */
  readonly stored: Uint8Array | undefined;
}

/** Makes valid UTF-8 of a text that comes in pieces cut anywhere. */
export interface CharsetDecoder {
  /** Whether something could not be decoded, and U+FFFD stands in its place. */
  readonly replaced: boolean;
  /** How many bytes of a character that was cut are kept for the next piece. */
  readonly carried: number;
  /** Decodes the next piece: into no part where too little has come for a character. */
  push(piece: Uint8Array): readonly DecodedPart[];
  /**
   * Decodes what is left at the end of the text.
   *
   * @param growing whether the text is still being written: an unfinished character at its end is then left out, not replaced.
   */
  end(growing: boolean): readonly DecodedPart[];
}

const REPLACEMENT = "\ufffd";
const NOTHING = new Uint8Array(0);
const NO_PARTS: readonly DecodedPart[] = [];
/** For whole characters: it keeps no state. In the middle of a text, a byte order mark is an ordinary character. */
const REPAIRING = new TextDecoder("utf-8", { ignoreBOM: true });
/**
 * The least that a decoder of another encoding is given before the end: Node throws when the characters of bytes that it
 * held back do not fit into a buffer as large as the piece.
 */
const MIN_DECODED_BYTES = 4;
/** Text that is not UTF-8 is decoded in parts of this size, since each byte of it may become three. */
const REPAIRED_BYTES = 64 * 1024;

/**
 * Makes the decoder for an encoding.
 *
 * UTF-8 passes as the bytes that it is. What is not UTF-8 in it is replaced as the WHATWG encoding standard says, in the
 * same way however the text was cut.
 *
 * @param encoding a name that the WHATWG encoding standard knows.
 */
export function createDecoder(encoding: string): CharsetDecoder {
  return encoding === "utf-8" ? new Utf8Repair() : new OtherCharset(encoding);
}

class Utf8Repair implements CharsetDecoder {
  replaced = false;
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
    // A copy, so that three bytes do not keep a whole piece alive while a follow is quiet.
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
  readonly #decoder: TextDecoder;
  #carry = NOTHING;

  constructor(encoding: string) {
    // Node drops a first byte 0xFF of windows-1252 when told to keep byte order marks, which only UTF-16 has here:
    // https://github.com/nodejs/node/pull/60893.
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
      // No part is shorter than the least that a decoder is given.
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

import { isUtf8 } from "node:buffer";
import { cutLength, unfinishedLength } from "./characters.ts";
import { encodingOf } from "./encoding.ts";
import { peek } from "./peek.ts";

export interface ToUtf8Options {
  /** The charset that the source is said to have; see {@link encodingOf}. Default: found out from the bytes. */
  readonly charset?: string | undefined;
  /** Whether the source begins in the middle of a text that is known to be UTF-8: then nothing is found out from its first bytes. */
  readonly inside?: boolean | undefined;
  /** Whether the source is still being written: a character at its end that is not whole is then left out. Default: it is replaced. */
  readonly growing?: boolean | undefined;
  /** Called once, before the first piece, where the source is not UTF-8: with its encoding's name as the WHATWG encoding standard has it. */
  readonly onDecoded?: ((encoding: string) => void) | undefined;
  /** Called once when something could not be read and U+FFFD stands in its place. */
  readonly onReplaced?: (() => void) | undefined;
  /**
   * Called before each piece with how many bytes of the source it and all before it were made of: where a reader of the source may go on. Not called where the source is in
   * another encoding than UTF-8, whose decoders keep to themselves how far they are.
   */
  readonly onConsumed?: ((bytes: number) => void) | undefined;
}

const REPLACEMENT = "\ufffd";
const NOTHING = new Uint8Array(0);
/** For whole characters: it keeps nothing in mind. In the middle of a text, a byte order mark is an ordinary character. */
const REPAIRING = new TextDecoder("utf-8", { ignoreBOM: true });
/**
 * The least that a decoder of other encodings is given before the end. Node throws when the characters of held back bytes do not fit into a buffer
 * that it makes as large as the piece.
 */
const DECODED_BYTES = 4;
/** What is no UTF-8 is made of pieces of this size, since each byte of it may become three. */
const REPAIRED_BYTES = 64 * 1024;

/**
 * Makes valid UTF-8 of text in any encoding. No piece ends inside a character, and a byte order mark is left out.
 *
 * UTF-8 passes as the bytes that it is. What is not UTF-8 in it is replaced as the WHATWG encoding standard says, in the same way however the bytes were
 * cut into pieces.
 */
export async function* toUtf8(
  source: AsyncIterable<Uint8Array>,
  { charset, inside = false, growing = false, onDecoded, onReplaced, onConsumed = () => undefined }: ToUtf8Options = {},
): AsyncGenerator<Uint8Array> {
  if (inside) {
    yield* repair(source, growing, onReplaced ?? (() => undefined), onConsumed);
    return;
  }
  const { head, whole } = await peek(source, (bytes) => encodingOf(bytes, charset, false) !== undefined);
  const { name, markBytes } = encodingOf(head, charset, true) ?? { name: "utf-8", markBytes: 0 };
  let told = false;
  const replaced = (): void => {
    if (!told) onReplaced?.();
    told = true;
  };
  if (name !== "utf-8") onDecoded?.(name);
  const text = markBytes === 0 ? whole : skip(whole, markBytes);
  yield* name === "utf-8"
    ? repair(text, growing, replaced, (bytes) => onConsumed(markBytes + bytes))
    : decode(text, name, growing, replaced);
}

async function* skip(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of source) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    yield skipped === 0 ? piece : piece.subarray(skipped);
  }
}

async function* repair(
  source: AsyncIterable<Uint8Array>,
  growing: boolean,
  replaced: () => void,
  onConsumed: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let consumed = 0;
  let told = false;
  const valid = function* (bytes: Uint8Array): Generator<Uint8Array> {
    if (isUtf8(bytes)) {
      consumed += bytes.length;
      onConsumed(consumed);
      yield bytes;
      return;
    }
    if (!told) replaced();
    told = true;
    for (let rest = bytes; rest.length > 0; ) {
      const part = rest.subarray(0, cutLength(rest, REPAIRED_BYTES));
      rest = rest.subarray(part.length);
      consumed += part.length;
      onConsumed(consumed);
      yield isUtf8(part) ? part : Buffer.from(REPAIRING.decode(part));
    }
  };
  let carry = NOTHING;
  for await (const piece of source) {
    const bytes = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
    const length = bytes.length - unfinishedLength(bytes);
    // A copy, so that three bytes do not keep a whole piece alive while a follow is quiet.
    carry = length === bytes.length ? NOTHING : new Uint8Array(bytes.subarray(length));
    if (length > 0) yield* valid(length === bytes.length ? bytes : bytes.subarray(0, length));
  }
  if (carry.length > 0 && !growing) yield* valid(carry);
}

async function* decode(
  source: AsyncIterable<Uint8Array>,
  name: string,
  growing: boolean,
  replaced: () => void,
): AsyncGenerator<Uint8Array> {
  // Node loses a first byte 0xFF of windows-1252 when told to keep byte order marks, which only UTF-16 has here.
  const decoder = new TextDecoder(name, { ignoreBOM: name.startsWith("utf-16") });
  const encode = (text: string): Uint8Array => {
    if (text.includes(REPLACEMENT)) replaced();
    return Buffer.from(text);
  };
  let carry = NOTHING;
  for await (const piece of source) {
    const bytes = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
    carry = bytes.length < DECODED_BYTES ? new Uint8Array(bytes) : NOTHING;
    if (carry.length > 0) continue;
    const most = bytes.length <= REPAIRED_BYTES + DECODED_BYTES ? bytes.length : REPAIRED_BYTES;
    for (let at = 0; at < bytes.length; ) {
      // No part is shorter than what a decoder is given at the least.
      const end = bytes.length - at < most + DECODED_BYTES ? bytes.length : at + most;
      const text = decoder.decode(bytes.subarray(at, end), { stream: true });
      at = end;
      if (text !== "") yield encode(text);
    }
  }
  if (growing) return;
  const rest = decoder.decode(carry);
  if (rest !== "") yield encode(rest);
}

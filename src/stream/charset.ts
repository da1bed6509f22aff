import { isUtf8 } from "node:buffer";
import { unfinishedLength } from "./characters.ts";
import { encodingOf } from "./encoding.ts";
import { peek } from "./peek.ts";

export interface ToUtf8Options {
  /** The charset that the source is said to have; see {@link encodingOf}. Default: found out from the bytes. */
  readonly charset?: string | undefined;
  /** Called once when something could not be read and U+FFFD stands in its place. */
  readonly onReplaced?: (() => void) | undefined;
}

const REPLACEMENT = "\ufffd";
/**
 * The least that a decoder of other encodings is given before the end. Node throws when the characters of held back bytes do not fit into a buffer
 * that it makes as large as the piece.
 */
const DECODED_BYTES = 4;

/**
 * Makes valid UTF-8 of text in any encoding. No piece ends inside a character, and a byte order mark is left out.
 *
 * UTF-8 passes as the bytes that it is. What is not UTF-8 in it is replaced as the WHATWG encoding standard says, in the same way however the bytes were
 * cut into pieces.
 */
export async function* toUtf8(
  source: AsyncIterable<Uint8Array>,
  { charset, onReplaced }: ToUtf8Options = {},
): AsyncGenerator<Uint8Array> {
  const { head, whole } = await peek(source, (bytes) => encodingOf(bytes, charset, false) !== undefined);
  const { name, markBytes } = encodingOf(head, charset, true) ?? { name: "utf-8", markBytes: 0 };
  let told = false;
  const replaced = (): void => {
    if (!told) onReplaced?.();
    told = true;
  };
  const text = markBytes === 0 ? whole : skip(whole, markBytes);
  yield* name === "utf-8" ? repair(text, replaced) : decode(text, name, replaced);
}

async function* skip(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of source) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    yield skipped === 0 ? piece : piece.subarray(skipped);
  }
}

async function* repair(source: AsyncIterable<Uint8Array>, replaced: () => void): AsyncGenerator<Uint8Array> {
  // Further on, a byte order mark is an ordinary character.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const valid = (bytes: Uint8Array): Uint8Array => {
    if (isUtf8(bytes)) return bytes;
    replaced();
    return Buffer.from(decoder.decode(bytes));
  };
  // A copy, so that three bytes do not keep a whole piece alive while a follow is quiet.
  let carry: Uint8Array = new Uint8Array(0);
  for await (const piece of source) {
    const bytes = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
    const length = bytes.length - unfinishedLength(bytes);
    carry = new Uint8Array(bytes.subarray(length));
    if (length > 0) yield valid(length === bytes.length ? bytes : bytes.subarray(0, length));
  }
  if (carry.length > 0) yield valid(carry);
}

async function* decode(
  source: AsyncIterable<Uint8Array>,
  name: string,
  replaced: () => void,
): AsyncGenerator<Uint8Array> {
  // Node loses a first byte 0xFF of windows-1252 when told to keep byte order marks, which only UTF-16 has here.
  const decoder = new TextDecoder(name, { ignoreBOM: name.startsWith("utf-16") });
  const encode = (text: string): Uint8Array => {
    if (text.includes(REPLACEMENT)) replaced();
    return Buffer.from(text);
  };
  let carry: Uint8Array = new Uint8Array(0);
  for await (const piece of source) {
    const bytes = carry.length === 0 ? piece : Buffer.concat([carry, piece]);
    carry = bytes.length < DECODED_BYTES ? new Uint8Array(bytes) : new Uint8Array(0);
    const text = carry.length > 0 ? "" : decoder.decode(bytes, { stream: true });
    if (text !== "") yield encode(text);
  }
  const rest = decoder.decode(carry);
  if (rest !== "") yield encode(rest);
}

import { LINE_FEED } from "../stream/characters.ts";
import { fingerprintOf, TAIL_BYTES, TailBuffer } from "../stream/tail-buffer.ts";
import { linesIn } from "./entries-text.ts";
import type { BytePlace } from "./place.ts";
import { LogReplaced, type LogText, type TextPiece } from "./text.ts";

/** Two places of a log may well have shorter texts before them in common. */
const MIN_UNIQUE_BYTES = 64;

/**
 * Skips a text to a place, given by the offset and the fingerprint of the text before it.
 *
 * @throws LogReplaced if that text is different, or the log is shorter; what the text throws. The text is closed then.
 */
export async function skipToPlace(
  text: LogText,
  { offset, fingerprint }: Pick<BytePlace, "offset" | "fingerprint">,
): Promise<void> {
  const tail = new TailBuffer();
  for (let passed = 0; passed < offset; ) {
    const piece = await text.next();
    if (piece === undefined) throw new LogReplaced();
    const length = Math.min(piece.bytes.length, offset - passed);
    tail.push(piece.bytes.subarray(0, length));
    passed += length;
    if (length < piece.bytes.length) text.putBack(from(piece, length));
  }
  const found = tail.fingerprint(fingerprint.length);
  if (found.length === fingerprint.length && found.hash === fingerprint.hash) return;
  text.close();
  throw new LogReplaced();
}

/**
 * Searches a text for the end of a line before which a fingerprint matches: a copy may lack lines, so offsets differ.
 * Reads the text, and closes it.
 *
 * @param maxBytes how much to search.
 * @returns how much text lies before the place; `undefined` if there is none or more than one, or if the fingerprint
 *   is too short to be unique.
 */
export async function searchPlace(
  text: LogText,
  { length, hash }: BytePlace["fingerprint"],
  maxBytes: number,
): Promise<{ readonly offset: number; readonly lines: number } | undefined> {
  let found: { readonly offset: number; readonly lines: number } | undefined;
  let before = new Uint8Array(0);
  let offset = 0;
  let lines = 0;
  try {
    while (length >= MIN_UNIQUE_BYTES) {
      const piece = await text.next();
      if (piece === undefined) return found;
      const known = Buffer.concat([before, piece.bytes]);
      for (let feed = known.indexOf(LINE_FEED, before.length); feed !== -1; feed = known.indexOf(LINE_FEED, feed + 1)) {
        const end = feed + 1;
        lines += 1;
        if (end < length || fingerprintOf(known.subarray(end - length, end)).hash !== hash) continue;
        if (found !== undefined) return undefined;
        found = { offset: offset + end - before.length, lines };
      }
      offset += piece.bytes.length;
      // The place may also be in what was not searched.
      if (offset > maxBytes) return undefined;
      before = new Uint8Array(known.subarray(-TAIL_BYTES));
    }
    return undefined;
  } finally {
    text.close();
  }
}

/** Returns the end of a piece. */
function from(piece: TextPiece, at: number): TextPiece {
  const { bytes } = piece;
  const rest = piece.times && linesIn({ bytes, times: piece.times }, at, bytes.length);
  return { ...piece, bytes: bytes.subarray(at), ...(rest && { times: rest.times }) };
}

/** The encoding of a log. */
export interface Encoding {
  /** A name that TextDecoder knows; `utf-8` if no decoding is needed. */
  readonly name: string;
  /** The length of the byte order mark at the start. */
  readonly markBytes: number;
}

const MARKS: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
  { name: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { name: "utf-16le", bytes: [0xff, 0xfe] },
  { name: "utf-16be", bytes: [0xfe, 0xff] },
];

/** How many bytes are searched for zeros. */
const SAMPLE_BYTES = 64;

/**
 * Detects the encoding of a log: by its byte order mark, else by the given charset, else by the positions of its first
 * zero bytes, else UTF-8.
 *
 * @param head the first bytes.
 * @param charset a label from the WHATWG encoding standard; an unknown label means UTF-8. For `utf-16`, the first zero
 *   byte decides the byte order; without one, it is big-endian (RFC 2781).
 * @param ended whether the head is the whole log.
 * @returns `undefined` if more bytes are needed. UTF-8 without a byte order mark is detected by its second byte at the
 *   latest.
 */
export function encodingOf(head: Uint8Array, charset: string | undefined, ended: boolean): Encoding | undefined {
  for (const { name, bytes } of MARKS) {
    const same = bytes.every((byte, at) => at >= head.length || head[at] === byte);
    if (same && head.length >= bytes.length) return { name, markBytes: bytes.length };
    if (same && !ended) return undefined;
  }
  const label = charset?.trim().toLowerCase();
  const name = label === undefined ? guess(head, ended) : label === "utf-16" ? utf16(head, ended) : nameOf(label);
  return name === undefined ? undefined : { name, markBytes: 0 };
}

function nameOf(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "utf-8";
  }
}

function utf16(head: Uint8Array, ended: boolean): string | undefined {
  const zero = head.subarray(0, SAMPLE_BYTES).indexOf(0);
  if (zero !== -1) return zero % 2 === 1 ? "utf-16le" : "utf-16be";
  return ended || head.length >= SAMPLE_BYTES ? "utf-16be" : undefined;
}

/**
 * UTF-16 that is mostly ASCII has a zero in most characters, always in the same byte. The first two characters must be
 * ASCII, and half of the sample: anything else is hardly text.
 */
function guess(head: Uint8Array, ended: boolean): string | undefined {
  const sample = head.subarray(0, SAMPLE_BYTES);
  const isBigEndian = sample[0] === 0;
  let others = 0;
  for (let at = 0; at + 1 < sample.length; at += 2) {
    const [high, low] = isBigEndian ? [sample[at], sample[at + 1]] : [sample[at + 1], sample[at]];
    if (high === 0 && low !== 0) continue;
    others += 1;
    if (at < 4 || others > SAMPLE_BYTES / 4) return "utf-8";
  }
  if (sample.length < SAMPLE_BYTES && !ended) return undefined;
  if (sample.length < 4 || others > sample.length / 4) return "utf-8";
  return isBigEndian ? "utf-16be" : "utf-16le";
}

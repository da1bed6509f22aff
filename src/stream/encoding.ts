/** How a log's bytes are to be read. */
export interface Encoding {
  /** A name that TextDecoder knows; `utf-8` for all that needs no decoding. */
  readonly name: string;
  /** How many bytes at the start are a byte order mark. */
  readonly markBytes: number;
}

const MARKS: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
  { name: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { name: "utf-16le", bytes: [0xff, 0xfe] },
  { name: "utf-16be", bytes: [0xfe, 0xff] },
];

/** How many bytes are looked at for zeros. */
const LOOK_BYTES = 64;

/**
 * Says how a log is encoded: by its byte order mark, else by the charset that was named, else by where its first zero bytes lie, else as UTF-8.
 *
 * @param head the first bytes.
 * @param charset a label as the WHATWG encoding standard lists them; one that it does not list means UTF-8. `utf-16` does not say which byte comes
 *   first: the first zero byte does, and without one it is the big end, as RFC 2781 has it.
 * @param ended whether the head is all that there is.
 * @returns `undefined` when more bytes are needed to tell. Text in UTF-8 is told by its second byte at the latest, unless it begins with a mark.
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
  const zero = head.subarray(0, LOOK_BYTES).indexOf(0);
  if (zero !== -1) return zero % 2 === 1 ? "utf-16le" : "utf-16be";
  return ended || head.length >= LOOK_BYTES ? "utf-16be" : undefined;
}

/**
 * UTF-16 of mostly ASCII has a zero in most of its characters, always at the same place. Its first two have to be ASCII, and half of those that are looked at: what else
 * begins so is hardly text.
 */
function guess(head: Uint8Array, ended: boolean): string | undefined {
  const looked = head.subarray(0, LOOK_BYTES);
  const bigEnd = looked[0] === 0;
  let others = 0;
  for (let at = 0; at + 1 < looked.length; at += 2) {
    const [high, low] = bigEnd ? [looked[at], looked[at + 1]] : [looked[at + 1], looked[at]];
    if (high === 0 && low !== 0) continue;
    others += 1;
    if (at < 4 || others > LOOK_BYTES / 4) return "utf-8";
  }
  if (looked.length < LOOK_BYTES && !ended) return undefined;
  if (looked.length < 4 || others > looked.length / 4) return "utf-8";
  return bigEnd ? "utf-16be" : "utf-16le";
}

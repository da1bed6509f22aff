import { isUtf8 } from "node:buffer";
import { unfinishedLength } from "./characters.ts";

/** What decided the encoding: a byte order mark, other bytes, the operator's setting, or the store's label. */
export type DecidedBy = "mark" | "bytes" | "setting" | "store";

/** A label of the WHATWG encoding standard, and who declares it. */
export interface DeclaredCharset {
  readonly label: string;
  readonly by: Extract<DecidedBy, "setting" | "store">;
}

/** The charset of a log: the operator's setting wins over the store's. */
export function declaredCharset(setting: string | undefined, store: string | undefined): DeclaredCharset | undefined {
  if (setting !== undefined) return { label: setting, by: "setting" };
  return store === undefined ? undefined : { label: store, by: "store" };
}

/** The encoding of a log. */
export interface Encoding {
  /** A name that TextDecoder knows; `utf-8` if no decoding is needed. */
  readonly name: string;
  /** `undefined` if it is UTF-8 because nothing says otherwise. */
  readonly by: DecidedBy | undefined;
  /** How it was declared. `undefined`: it was not. */
  readonly label?: string | undefined;
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
 * Detects the encoding of a log: by its byte order mark, else by the positions of its first zero bytes, else by the
 * given charset, else UTF-8. Bytes come before labels: a label is not believed if the first ones are UTF-16 and it says
 * otherwise, nor if they are UTF-8 and it says UTF-16.
 *
 * @param head the first bytes.
 * @param charset an unknown label means UTF-8. For `utf-16`, the first zero byte decides the byte order; without one,
 *   it is big-endian (RFC 2781).
 * @param ended whether the head is the whole log.
 * @returns `undefined` if more bytes are needed. UTF-8 without a byte order mark is detected by its second byte at the
 *   latest, unless the label says UTF-16.
 */
export function encodingOf(
  head: Uint8Array,
  charset: DeclaredCharset | undefined,
  ended: boolean,
): Encoding | undefined {
  for (const { name, bytes } of MARKS) {
    const same = bytes.every((byte, at) => at >= head.length || head[at] === byte);
    if (same && head.length >= bytes.length) return { name, by: "mark", markBytes: bytes.length };
    if (same && !ended) return undefined;
  }
  const label = charset?.label.trim().toLowerCase() ?? "";
  const declared = label === "utf-16" ? label : nameOf(label);
  const sample = head.subarray(0, SAMPLE_BYTES);
  const isWhole = ended || head.length >= SAMPLE_BYTES;
  if (declared.startsWith("utf-16")) {
    if (!isWhole) return undefined;
    if (isPlain(sample)) return { name: "utf-8", by: "bytes", markBytes: 0 };
    const name = declared === "utf-16" ? utf16(sample) : declared;
    return { name, by: charset?.by, label: charset?.label, markBytes: 0 };
  }
  const guessed = guess(sample, ended);
  if (guessed === undefined) return undefined;
  if (guessed !== "utf-8") return { name: guessed, by: "bytes", markBytes: 0 };
  if (declared === "utf-8") return { name: "utf-8", by: undefined, markBytes: 0 };
  return { name: declared, by: charset?.by, label: charset?.label, markBytes: 0 };
}

/** Whether a sample cannot be UTF-16: in 32 of its characters, hardly all bytes are those of valid UTF-8. */
function isPlain(sample: Uint8Array): boolean {
  if (sample.includes(0) || !isUtf8(sample.subarray(0, sample.length - unfinishedLength(sample)))) return false;
  return sample.length === SAMPLE_BYTES || sample.length % 2 === 1;
}

function nameOf(label: string): string {
  // Nearly all logs: a decoder, or an error in its place, costs more than the rest.
  if (label === "" || label === "utf-8") return "utf-8";
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "utf-8";
  }
}

function utf16(sample: Uint8Array): string {
  return sample.indexOf(0) % 2 === 1 ? "utf-16le" : "utf-16be";
}

/**
 * UTF-16 that is mostly ASCII has a zero in most characters, always in the same byte. The first two characters must be
 * ASCII, and half of the sample: anything else is hardly text.
 */
function guess(sample: Uint8Array, ended: boolean): string | undefined {
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

import { hash } from "node:crypto";

/** Identifies a position in a text by the bytes before it. */
export interface Fingerprint {
  /** How many bytes are hashed: at most 1024. */
  readonly length: number;
  /** Their SHA-256, truncated to 9 bytes, as base64url. */
  readonly hash: string;
}

/** How much of a text's end is kept: some ten lines, which are unique in practice. */
export const TAIL_BYTES = 1024;
/** 9 bytes, in base64url. */
const HASH_LENGTH = 12;

/** Keeps the last {@link TAIL_BYTES} bytes of a text. */
export class TailBuffer {
  // A separate buffer: a part of a piece would keep all of it in memory while a followed log is silent.
  readonly #kept = new Uint8Array(TAIL_BYTES);
  #length = 0;

  /** @param before the beginning of the text. */
  constructor(before?: Uint8Array) {
    if (before !== undefined) this.push(before);
  }

  /** The kept bytes. Valid until the next `push`. */
  get bytes(): Uint8Array {
    return this.#kept.subarray(0, this.#length);
  }

  push(bytes: Uint8Array): void {
    const end = bytes.length > TAIL_BYTES ? bytes.subarray(-TAIL_BYTES) : bytes;
    const left = Math.min(this.#length, TAIL_BYTES - end.length);
    if (left > 0 && left < this.#length) this.#kept.copyWithin(0, this.#length - left, this.#length);
    this.#kept.set(end, left);
    this.#length = left + end.length;
  }

  /** @param max how many bytes of the end to use. Default: all that are kept. */
  fingerprint(max = TAIL_BYTES): Fingerprint {
    return fingerprintOf(this.#kept.subarray(Math.max(0, this.#length - max), this.#length));
  }
}

/** The fingerprint of these bytes, of which there are at most {@link TAIL_BYTES}. */
export function fingerprintOf(bytes: Uint8Array): Fingerprint {
  return { length: bytes.length, hash: hash("sha256", bytes, "base64url").slice(0, HASH_LENGTH) };
}

/** Whether a fingerprint is that of these bytes. */
export function matchesFingerprint(fingerprint: Fingerprint, bytes: Uint8Array): boolean {
  return bytes.length === fingerprint.length && fingerprintOf(bytes).hash === fingerprint.hash;
}

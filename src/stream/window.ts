import { createHash } from "node:crypto";

/** The end of what has passed, by which the same place is known again. */
export interface Proof {
  /** How many bytes it is the hash of: at most 1024. */
  readonly length: number;
  /** A hash of them: base64url of 9 bytes. */
  readonly hash: string;
}

/** How much of the end of a text is kept in mind. Some ten lines: no two places of a log end alike for as long. */
export const WINDOW_BYTES = 1024;
const HASH_BYTES = 9;

/** Keeps the last bytes of what passes in mind. */
export interface Window {
  push(bytes: Uint8Array): void;
  /** @param most how many bytes to take. Default: all that are kept. */
  proof(most?: number): Proof;
}

/** @param begin what has passed already. */
export function createWindow(begin: Uint8Array = new Uint8Array(0)): Window {
  let kept = begin.subarray(-WINDOW_BYTES);
  return {
    push(bytes) {
      if (bytes.length >= WINDOW_BYTES) {
        // A copy, so that a kilobyte does not keep a whole piece alive while a follow is quiet.
        kept = new Uint8Array(bytes.subarray(-WINDOW_BYTES));
      } else if (bytes.length > 0) {
        const before = kept.subarray(Math.max(0, kept.length + bytes.length - WINDOW_BYTES));
        kept = Buffer.concat([before, bytes]);
      }
    },
    proof: (most = WINDOW_BYTES) => proofOf(most === 0 ? new Uint8Array(0) : kept.subarray(-most)),
  };
}

/** The proof of these bytes, of which there are at most 1024. */
export function proofOf(bytes: Uint8Array): Proof {
  const hash = createHash("sha256").update(bytes).digest().subarray(0, HASH_BYTES).toString("base64url");
  return { length: bytes.length, hash };
}

/** Whether these bytes are the ones that a proof was made of. */
export function isProved({ length, hash }: Proof, bytes: Uint8Array): boolean {
  return bytes.length === length && proofOf(bytes).hash === hash;
}

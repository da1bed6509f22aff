import { hash } from "node:crypto";

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
  // Memory of its own: a part of a piece would keep all of it alive while a follow is quiet.
  const kept = new Uint8Array(WINDOW_BYTES);
  let length = 0;
  const push = (bytes: Uint8Array): void => {
    const end = bytes.subarray(-WINDOW_BYTES);
    const left = Math.min(length, WINDOW_BYTES - end.length);
    kept.copyWithin(0, length - left, length);
    kept.set(end, left);
    length = left + end.length;
  };
  push(begin);
  return { push, proof: (most = WINDOW_BYTES) => proofOf(kept.subarray(Math.max(0, length - most), length)) };
}

/** The proof of these bytes, of which there are at most 1024. */
export function proofOf(bytes: Uint8Array): Proof {
  const digest = hash("sha256", bytes, "buffer").subarray(0, HASH_BYTES);
  return { length: bytes.length, hash: digest.toString("base64url") };
}

/** Whether these bytes are the ones that a proof was made of. */
export function isProved(proof: Proof, bytes: Uint8Array): boolean {
  return bytes.length === proof.length && proofOf(bytes).hash === proof.hash;
}

import { hkdfSync } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import type * as z from "zod";
import type { Secret } from "../secret.ts";

/** Encrypts values for the user's browser to keep. */
export interface Sealer<T> {
  seal(value: T): Promise<string>;
  /** @returns `undefined` if it was not sealed with one of the keys, for this purpose, or is of another shape. */
  open(sealed: string): Promise<T | undefined>;
}

export interface SealerOptions<T> {
  /** The first key seals; all of them open, so that keys can be rotated. At least one. */
  readonly keys: readonly Secret[];
  /** Of the derived key: the same secret signs cursors. */
  readonly purpose: string;
  readonly shape: z.ZodType<T>;
}

const KEY_BYTES = 32;

/** Seals what any server with one of these keys can open: JWE (RFC 7516), `dir` with A256GCM. */
export function createSealer<T>({ keys, purpose, shape }: SealerOptions<T>): Sealer<T> {
  const derived = keys.map((key) => new Uint8Array(hkdfSync("sha256", key.reveal(), "", purpose, KEY_BYTES)));
  const [sealing] = derived;
  if (sealing === undefined) throw new Error("No session key.");
  return {
    seal(value) {
      const text = Buffer.from(JSON.stringify(value));
      return new CompactEncrypt(text).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(sealing);
    },
    async open(sealed) {
      for (const key of derived) {
        const value = await decrypt(sealed, key, shape);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

async function decrypt<T>(sealed: string, key: Uint8Array, shape: z.ZodType<T>): Promise<T | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return shape.parse(JSON.parse(Buffer.from(plaintext).toString("utf8")));
  } catch {
    return undefined;
  }
}

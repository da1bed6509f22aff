import { hkdfSync } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import { Secret } from "../secret.ts";

/** A signed-in user. */
export interface Session {
  readonly token: Secret;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Creates and opens sealed sessions: kept by the user's browser, and readable only by a server with the key. */
export interface Sessions {
  seal(session: Session): Promise<string>;
  /** @returns `undefined` if it is not a session, was sealed with another key, or has expired. */
  open(sealed: string): Promise<Session | undefined>;
}

export interface SessionsOptions {
  /** The first key seals; all of them open, so that keys can be rotated. At least one. */
  readonly keys: readonly Secret[];
  readonly clock: Clock;
}

const KEY_BYTES = 32;
/** The purpose of the derived key: the same secret signs cursors. */
const PURPOSE = "taffrail session v1";

const Claims = z.object({ token: z.string().min(1), exp: z.number().positive() });

/** Sessions that any server with one of these keys can open: JWE (RFC 7516), `dir` with A256GCM. */
export function createSessions({ keys, clock }: SessionsOptions): Sessions {
  const derived = keys.map((key) => new Uint8Array(hkdfSync("sha256", key.reveal(), "", PURPOSE, KEY_BYTES)));
  const [sealing] = derived;
  if (sealing === undefined) throw new Error("No session key.");
  return {
    seal({ token, expiresAt }) {
      const claims = Buffer.from(JSON.stringify({ token: token.reveal(), exp: expiresAt }));
      return new CompactEncrypt(claims).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(sealing);
    },
    async open(sealed) {
      for (const key of derived) {
        const claims = await decrypt(sealed, key);
        if (claims !== undefined) {
          if (claims.exp <= clock.now()) return undefined;
          return { token: new Secret(claims.token), expiresAt: claims.exp };
        }
      }
      return undefined;
    },
  };
}

async function decrypt(sealed: string, key: Uint8Array): Promise<z.infer<typeof Claims> | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return Claims.parse(JSON.parse(Buffer.from(plaintext).toString("utf8")));
  } catch {
    return undefined;
  }
}

import type { Secret } from "../secret.ts";

/** The caller: the owner of a token, as reported by the cluster. */
export interface Caller {
  /** The token, which is reviewed again while a stream is open. */
  readonly token?: Secret | undefined;
  /** When the token expires, in milliseconds since 1970, if known. */
  readonly expiresAt?: number | undefined;
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  /** Other attributes from the authenticator, passed unchanged to access reviews. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

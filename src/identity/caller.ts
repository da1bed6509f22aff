import type { Secret } from "../secret.ts";

/** Who calls: what the cluster says about the owner of a token. */
export interface Caller {
  /** The token that told it, to be looked at again as long as a stream runs. */
  readonly token?: Secret | undefined;
  /** When the token expires, in milliseconds since 1970, where it says so. */
  readonly expiresAt?: number | undefined;
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  /** What else the authenticator says; handed on to access reviews as it is. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

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

/** The text of each caller: a call needs it for several reviews. */
const identities = new WeakMap<Caller, string>();

/** All of a caller that reviews see, as text: equal texts have equal rights. */
export function identityOf(caller: Caller): string {
  const known = identities.get(caller);
  if (known !== undefined) return known;
  const { username, uid, groups, extra } = caller;
  const identity = JSON.stringify([username, uid, groups, extra]);
  identities.set(caller, identity);
  return identity;
}

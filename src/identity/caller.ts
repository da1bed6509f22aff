import type { Secret } from "../secret.ts";

/** What a verified ID token says, and what a session keeps of it. */
export interface VerifiedClaims {
  readonly issuer: string;
  /** Those that decide about access, with `sub`. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Until when they count, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The caller: the owner of a token, as its issuer names them. */
export interface Caller {
  /** The token, which is verified again while a stream is open. */
  readonly token?: Secret | undefined;
  /** The claims of the caller's session, in place of a token. */
  readonly claims?: VerifiedClaims | undefined;
  /** When the token expires, in milliseconds since 1970, if known. */
  readonly expiresAt?: number | undefined;
  /** The issuer that vouches for the user name. Absent: the cluster. */
  readonly issuer?: string | undefined;
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  /** Other attributes from the authenticator, passed unchanged to access reviews. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  /** Whose rights the caller has. Default: those of the user in the cluster. */
  readonly rights?: Rights | undefined;
  /**
   * Whether the issuer left the caller's groups out of the token, as some do if there are very many. The caller may
   * then have more rights than are known here.
   */
  readonly groupsOmitted?: boolean | undefined;
}

/**
 * Whose rights a caller has:
 *
 * - `accounts`: those of every ServiceAccount that is annotated with one of the caller's claims, in the project and in
 *   the global namespaces.
 * - `server`: the caller may read whatever this server's own account may.
 */
export type Rights = AccountRights | { readonly kind: "server" };

export interface AccountRights {
  readonly kind: "accounts";
  /** The claims that are texts or lists of texts, by name. */
  readonly claims: readonly (readonly [name: string, values: readonly string[]])[];
  readonly globalNamespaces: readonly string[];
}

/** The text of each caller: a call needs it for several reviews. */
const identities = new WeakMap<Caller, string>();

/** All of a caller that decides about access, as text: equal texts have equal rights. */
export function identityOf(caller: Caller): string {
  const known = identities.get(caller);
  if (known !== undefined) return known;
  const { issuer, username, uid, groups, extra, rights } = caller;
  const identity = JSON.stringify([username, uid, groups, extra, issuer, rights]);
  identities.set(caller, identity);
  return identity;
}

/** Who a caller is, as text, whatever token they have: the issuer and the user name, which only it makes unique. */
export function userKey({ issuer, username }: Pick<Caller, "issuer" | "username">): string {
  return JSON.stringify([issuer ?? "", username]);
}

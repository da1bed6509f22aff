import { Failure } from "../failure.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Caller } from "../identity/caller.ts";
import { bearerToken } from "../identity/token.ts";
import { browserUsesTls } from "./browser-tls.ts";
import { originOf } from "./same-origin.ts";
import type { Sessions } from "./sealed-session.ts";
import { clearSessionCookies, sessionCookie } from "./session-cookie.ts";

/** The parts of a request that authenticate its sender. */
export interface Credentials {
  /** As in `Headers`. */
  readonly headers: { get(name: string): string | null };
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean;
  /** The network of the client, by which invalid tokens are limited. */
  readonly network: string;
  /** The host of the request. */
  readonly host: string | undefined;
  /**
   * Whether the request must come from a page of this server. Not for routes that links lead to: for those alone, a
   * browser sends the session with requests from other sites.
   */
  readonly ownPagesOnly: boolean;
}

export interface CredentialsOptions {
  readonly authenticator: Authenticator;
  readonly sessions: () => Promise<Sessions>;
  /** Receives the `set-cookie` headers for the response if the session is no longer valid. */
  readonly setCookies: (cookies: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/**
 * Authenticates a request: by its `authorization` header, else by the session in its cookie.
 *
 * @throws Failure TOKEN_MISSING, TOKEN_REFUSED or ORIGIN_REFUSED.
 */
export async function callerOfRequest(
  { headers, encrypted, network, host, ownPagesOnly }: Credentials,
  { authenticator, sessions, setCookies, signal }: CredentialsOptions,
): Promise<Caller> {
  const sealed = sessionCookie(headers.get("cookie"), browserUsesTls(headers, encrypted));
  if (headers.get("authorization") !== null || sealed === undefined) {
    return authenticator.authenticate(bearerToken(headers.get("authorization")), signal, { network });
  }
  if (ownPagesOnly && originOf(headers, host) !== "same") throw originRefused();
  try {
    const session = await (await sessions()).open(sealed);
    const caller = await authenticator.authenticate(session?.token, signal, { network });
    const { expiresAt = Number.POSITIVE_INFINITY } = caller;
    return { ...caller, expiresAt: Math.min(expiresAt, session?.expiresAt ?? expiresAt) };
  } catch (error) {
    if (error instanceof Failure && error.kind === "unauthenticated") setCookies(clearSessionCookies());
    throw error;
  }
}

/** The failure of a request from a page of another site. */
export function originRefused(): Failure {
  return new Failure("denied", "ORIGIN_REFUSED", "This request did not come from a page of this server.", {
    next: "Send a token instead of a session. A proxy in front of this server must forward `host` or `x-forwarded-host`.",
  });
}

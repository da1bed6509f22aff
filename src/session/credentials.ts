import { Failure } from "../failure.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Caller, VerifiedClaims } from "../identity/caller.ts";
import { bearerToken } from "../identity/token.ts";
import type { Secret } from "../secret.ts";
import { originOf } from "./same-origin.ts";
import { isRenewable, type OpenedSession, type Sessions } from "./sealed-session.ts";
import { clearSessionCookies, sessionCookie } from "./session-cookie.ts";

/** The parts of a request that authenticate its sender. */
export interface Credentials {
  /** As in `Headers`. */
  readonly headers: { get(name: string): string | null };
  /** Whether the browser uses TLS, to us or to a proxy in front of us. */
  readonly usesTls: boolean;
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
  { headers, usesTls, network, host, ownPagesOnly }: Credentials,
  { authenticator, sessions, setCookies, signal }: CredentialsOptions,
): Promise<Caller> {
  const sealed = sessionCookie(headers.get("cookie"), usesTls);
  if (headers.get("authorization") !== null || sealed === undefined) {
    return authenticator.authenticate(bearerToken(headers.get("authorization")), signal, { network });
  }
  if (ownPagesOnly && originOf(headers, host) !== "same") throw originRefused();
  const session = await (await sessions()).open(sealed);
  try {
    return await callerOfSession(session, authenticator, signal, network);
  } catch (error) {
    const isOver = error instanceof Failure && error.kind === "unauthenticated";
    // The page can still renew one that has only expired.
    const renewable = session?.hasExpired === true && isRenewable(session);
    if (isOver && !renewable) setCookies(clearSessionCookies(headers.get("cookie")));
    throw error;
  }
}

/**
 * Authenticates the owner of a session, as for a token in the request.
 *
 * @throws Failure TOKEN_MISSING if there is no session, SESSION_EXPIRED, or TOKEN_REFUSED.
 */
export async function callerOfSession(
  session: OpenedSession | undefined,
  authenticator: Authenticator,
  signal: AbortSignal,
  network: string,
): Promise<Caller> {
  if (session === undefined) return authenticator.authenticate(undefined, signal);
  if (session.hasExpired) throw sessionExpired();
  const caller = await authenticator.authenticate(credentialOf(session), signal, { network });
  return { ...caller, expiresAt: Math.min(caller.expiresAt ?? Number.POSITIVE_INFINITY, session.expiresAt) };
}

function credentialOf(session: OpenedSession): Secret | VerifiedClaims {
  if (session.kind === "token") return session.token;
  const { issuer, claims, expiresAt } = session;
  return { issuer, claims, expiresAt };
}

/** The failure of a session that has to be renewed, or cannot be. */
export function sessionExpired(): Failure {
  return new Failure("unauthenticated", "SESSION_EXPIRED", "Your session has expired.", { next: "Sign in again." });
}

/** The failure of a request from a page of another site. */
export function originRefused(): Failure {
  return new Failure("denied", "ORIGIN_REFUSED", "This request did not come from a page of this server.", {
    next:
      "Send a token instead of a session. A proxy in front of this server must keep `host`, or send `x-forwarded-host` " +
      "and be one of limits.proxies.",
  });
}

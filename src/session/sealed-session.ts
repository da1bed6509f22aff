import * as z from "zod";
import type { Clock } from "../clock.ts";
import { Secret } from "../secret.ts";
import { createSealer } from "./sealer.ts";

interface SessionTimes {
  /** When it expires unless it is renewed, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** When it ends even if it is renewed, in milliseconds since 1970. */
  readonly endsAt: number;
}

/** The session of a user who pasted a token. */
export interface TokenSession extends SessionTimes {
  readonly kind: "token";
  readonly token: Secret;
}

/** The session of a user who signed in with an OpenID provider. */
export interface ClaimsSession extends SessionTimes {
  readonly kind: "claims";
  readonly issuer: string;
  /** What decides about access, of the ID token that was verified. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Renews it, if the provider issued one. */
  readonly refreshToken: Secret | undefined;
}

/** A signed-in user. */
export type Session = TokenSession | ClaimsSession;

/** A session that has not ended. It is good for nothing but its renewal once it has expired. */
export type OpenedSession = Session & { readonly hasExpired: boolean };

/** Creates and opens sealed sessions: kept by the user's browser, and readable only by a server with the key. */
export interface Sessions {
  seal(session: Session): Promise<string>;
  /** @returns `undefined` if it is not a session, was sealed with another key, or has ended. */
  open(sealed: string): Promise<OpenedSession | undefined>;
}

export interface SessionsOptions {
  /** The first key seals; all of them open, so that keys can be rotated. At least one. */
  readonly keys: readonly Secret[];
  readonly clock: Clock;
}

const Times = { exp: z.number().positive(), end: z.number().positive() };
const Shape = z.union([
  z.strictObject({ ...Times, token: z.string().min(1) }),
  z.strictObject({
    ...Times,
    iss: z.string().min(1),
    claims: z.record(z.string(), z.unknown()),
    refresh: z.string().min(1).optional(),
  }),
]);

/** Sessions that any server with one of these keys can open. */
export function createSessions({ keys, clock }: SessionsOptions): Sessions {
  const sealer = createSealer({ keys, purpose: "taffrail session v2", shape: Shape });
  return {
    seal: (session) => sealer.seal(sealedOf(session)),
    async open(sealed) {
      const found = await sealer.open(sealed);
      const now = clock.now();
      if (found === undefined || found.end <= now) return undefined;
      return { ...sessionOf(found), hasExpired: found.exp <= now };
    },
  };
}

/** Whether a session can be renewed: by its refresh token, or as long as it has not expired. */
export function isRenewable(session: OpenedSession): boolean {
  return !session.hasExpired || (session.kind === "claims" && session.refreshToken !== undefined);
}

function sealedOf(session: Session): z.infer<typeof Shape> {
  const times = { exp: session.expiresAt, end: session.endsAt };
  if (session.kind === "token") return { ...times, token: session.token.reveal() };
  const { issuer, claims, refreshToken } = session;
  return { ...times, iss: issuer, claims, ...(refreshToken && { refresh: refreshToken.reveal() }) };
}

function sessionOf(sealed: z.infer<typeof Shape>): Session {
  const times = { expiresAt: sealed.exp, endsAt: sealed.end };
  if ("token" in sealed) return { ...times, kind: "token", token: new Secret(sealed.token) };
  const { iss, claims, refresh } = sealed;
  return {
    ...times,
    kind: "claims",
    issuer: iss,
    claims,
    refreshToken: refresh === undefined ? undefined : new Secret(refresh),
  };
}

import * as z from "zod";

/** Longer before its expiry, a token is not replaced. In milliseconds. */
const RENEW_BEFORE_MS = 60_000;

const Claims = z.looseObject({
  iss: z.string().optional().catch(undefined),
  sub: z.string().optional().catch(undefined),
  aud: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .catch(undefined),
  email: z.string().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
  iat: z.number().optional().catch(undefined),
  exp: z.number().optional().catch(undefined),
});

/** What a token says of itself. Nobody has verified it: it is good for showing, and for knowing when to renew. */
export type TokenClaims = z.output<typeof Claims>;

/** Reads the claims of a token without verifying it. @returns `undefined` if it is not a JWT. */
export function readClaims(token: string): TokenClaims | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    return Claims.parse(JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}

/** The user whom a token names, as people know them. `undefined`: it does not say. */
export function userIn(token: string): string | undefined {
  const { email, preferred_username: username, sub } = readClaims(token) ?? {};
  return email ?? username ?? sub;
}

/** The last moment that a Date can be, in milliseconds since 1970. */
const LAST_MS = 8_640_000_000_000_000;

/** When a token expires, in milliseconds since 1970. `undefined`: it does not say. */
export function expiryOf(token: string): number | undefined {
  const { exp } = readClaims(token) ?? {};
  return exp === undefined ? undefined : Math.min(exp * 1_000, LAST_MS);
}

/** Whether a token has expired. @param now milliseconds since 1970. */
export function isExpired(token: string, now: number): boolean {
  const expiry = expiryOf(token);
  return expiry !== undefined && expiry <= now;
}

/**
 * Whether it is time to renew a token: a minute before it expires, or in the last fifth of a shorter life.
 *
 * @param now milliseconds since 1970.
 */
export function isDue(token: string, now: number): boolean {
  const { iat, exp } = readClaims(token) ?? {};
  if (exp === undefined) return false;
  const life = iat === undefined ? Number.POSITIVE_INFINITY : (exp - iat) * 1_000;
  return exp * 1_000 - now <= Math.min(RENEW_BEFORE_MS, life / 5);
}

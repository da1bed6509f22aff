import { Secret } from "../secret.ts";

/**
 * Extracts the token from an `authorization` header (RFC 6750 §2.1; the scheme is case-insensitive, RFC 9110 §11.1).
 *
 * @returns the token, or `undefined` if there is none.
 */
export function bearerToken(header: string | null | undefined): Secret | undefined {
  const token = header?.match(/^bearer +([^\s,]+) *$/i)?.[1];
  return token === undefined ? undefined : new Secret(token);
}

/** Later than any token expires: a greater value is not a time in seconds. */
const LAST_SECOND = 1e12;

/**
 * When a token expires, in milliseconds since 1970, if it is a JWT with an expiry (RFC 7519 §4.1.4). The cluster has
 * verified the token, so this does not.
 */
export function expiryOf(token: Secret): number | undefined {
  const { exp } = unverifiedClaims(token);
  return typeof exp === "number" && exp > 0 && exp <= LAST_SECOND ? exp * 1_000 : undefined;
}

/** The issuer that a token names, if it is a JWT. Whoever acts on it must verify the token. */
export function issuerOf(token: Secret): string | undefined {
  const { iss } = unverifiedClaims(token);
  return typeof iss === "string" ? iss : undefined;
}

function unverifiedClaims(token: Secret): { readonly exp?: unknown; readonly iss?: unknown } {
  const [, claims = ""] = token.reveal().split(".", 2);
  try {
    return Object(JSON.parse(Buffer.from(claims, "base64url").toString("utf8"))) as object;
  } catch {
    return {};
  }
}

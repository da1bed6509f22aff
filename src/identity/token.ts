import { Secret } from "../secret.ts";

/**
 * Takes the token out of an `authorization` header (RFC 6750 §2.1; the scheme's name is case-insensitive, RFC 9110
 * §11.1).
 *
 * @returns the token, or `undefined` where there is none.
 */
export function bearerToken(header: string | null | undefined): Secret | undefined {
  const token = header?.match(/^bearer +([^\s,]+) *$/i)?.[1];
  return token === undefined ? undefined : new Secret(token);
}

/** Later than any token lives: what is greater is no time in seconds. */
const LAST_SECOND = 1e12;

/**
 * When a token expires, in milliseconds since 1970, where it is a JWT that says so (RFC 7519 §4.1.4). Nothing is
 * verified: that the cluster has done.
 */
export function expiryOf(token: Secret): number | undefined {
  const [, claims = ""] = token.reveal().split(".", 2);
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { readonly exp?: unknown };
    return typeof exp === "number" && exp > 0 && exp <= LAST_SECOND ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

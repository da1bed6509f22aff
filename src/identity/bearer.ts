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

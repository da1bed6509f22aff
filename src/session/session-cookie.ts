/** Over TLS: no other host and no cleartext response can set a cookie of this name (RFC 6265bis §4.1.3.2). */
const SECURE_NAME = "__Host-taffrail-session";
const NAME = "taffrail-session";

/** The maximum size of a cookie in browsers, name and value together, in bytes (RFC 6265bis §5.6). */
const COOKIE_BYTES = 4_096;

/**
 * The sealed session in a `cookie` header, or `undefined` if there is none.
 *
 * @param secure whether the browser uses TLS. Then a sibling host, or someone on the network, may have set a cookie of
 * the other name, which is ignored.
 */
export function sessionCookie(header: string | null | undefined, secure: boolean): string | undefined {
  const cookies = (header ?? "").split(";").map((each) => each.trim());
  for (const name of secure ? [SECURE_NAME] : [SECURE_NAME, NAME]) {
    const found = cookies.find((each) => each.startsWith(`${name}=`));
    if (found !== undefined) return found.slice(name.length + 1);
  }
  return undefined;
}

/** By how many bytes a sealed session is too long for a browser; 0: it fits. */
export function excessOf(sealed: string): number {
  return Math.max(0, SECURE_NAME.length + sealed.length - COOKIE_BYTES);
}

/**
 * The `set-cookie` header that stores a session. Scripts cannot read it, and requests from other sites do not send it,
 * except for links that the user follows.
 *
 * @param secure whether the browser uses TLS.
 * @param seconds how long to keep it.
 */
export function setSessionCookie(sealed: string, secure: boolean, seconds: number): string {
  return `${secure ? SECURE_NAME : NAME}=${sealed}; ${attributes(secure)}; Max-Age=${Math.floor(seconds)}`;
}

/** The `set-cookie` headers that delete a session, whatever the name of its cookie. */
export function clearSessionCookies(): readonly string[] {
  return [`${SECURE_NAME}=; ${attributes(true)}; Max-Age=0`, `${NAME}=; ${attributes(false)}; Max-Age=0`];
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** Over TLS: no other host and no cleartext may set a cookie of this name (RFC 6265bis §4.1.3.2). */
const SECURE_NAME = "__Host-taffrail-session";
const NAME = "taffrail-session";

/** What browsers keep of a cookie at the most, its name and value together, in bytes (RFC 6265bis §5.6). */
const COOKIE_BYTES = 4_096;

/** The sealed session in a `cookie` header, or `undefined` where there is none. */
export function sessionCookie(header: string | null | undefined): string | undefined {
  const cookies = (header ?? "").split(";").map((each) => each.trim());
  for (const name of [SECURE_NAME, NAME]) {
    const found = cookies.find((each) => each.startsWith(`${name}=`));
    if (found !== undefined) return found.slice(name.length + 1);
  }
  return undefined;
}

/** How many bytes too long for a browser a sealed session is; 0: it fits. */
export function excessOf(sealed: string): number {
  return Math.max(0, SECURE_NAME.length + sealed.length - COOKIE_BYTES);
}

/**
 * The `set-cookie` header that has a browser keep a session. No script can read it, and other sites' requests do not bring it, but for links that somebody follows.
 *
 * @param secure whether the browser speaks TLS.
 * @param seconds for how long to keep it.
 */
export function setSessionCookie(sealed: string, secure: boolean, seconds: number): string {
  return `${secure ? SECURE_NAME : NAME}=${sealed}; ${attributes(secure)}; Max-Age=${Math.floor(seconds)}`;
}

/** The `set-cookie` headers that have a browser forget a session, by whichever name it keeps it. */
export function clearSessionCookies(): readonly string[] {
  return [`${SECURE_NAME}=; ${attributes(true)}; Max-Age=0`, `${NAME}=; ${attributes(false)}; Max-Age=0`];
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** The attributes of all cookies: scripts cannot read them, and other sites' requests do not send them, except links. */
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax";
/** The prefix over TLS: no other host and no cleartext response can set such a cookie (RFC 6265bis §4.1.3.2). */
const SECURE = "__Host-";
const NAME = "taffrail-session";

/** The maximum size of a cookie in browsers, name and value together, in bytes (RFC 6265bis §5.6). */
const COOKIE_BYTES = 4_096;
/** The maximum number of cookies of a session: proxies and servers limit all headers together. */
const COOKIES = 3;
/** What a session's cookies hold, beside the mark of their number. */
const VALUE_BYTES = COOKIE_BYTES - `${SECURE}${NAME}.2`.length - "3~".length;

/**
 * The sealed session in a `cookie` header, or `undefined` if there is none.
 *
 * @param secure whether the browser uses TLS. Then a sibling host, or someone on the network, may have set a cookie of
 * the other name, which is ignored.
 */
export function sessionCookie(header: string | null | undefined, secure: boolean): string | undefined {
  const cookies = cookiesIn(header);
  for (const prefix of secure ? [SECURE] : [SECURE, ""]) {
    const first = cookies.get(prefix + NAME);
    if (first === undefined) continue;
    // One cookie has no mark.
    const [, count = "1", begin = first] = /^([23])~(.*)$/.exec(first) ?? [];
    const rest = Array.from({ length: Number(count) - 1 }, (_, index) => cookies.get(`${prefix}${NAME}.${index + 1}`));
    return begin + rest.map((each) => each ?? "").join("");
  }
  return undefined;
}

/** By how many bytes a sealed session is too long for a browser; 0: it fits. */
export function excessOf(sealed: string): number {
  return Math.max(0, sealed.length - COOKIES * VALUE_BYTES);
}

/**
 * The `set-cookie` headers that store a session. A session that is too long for one cookie is split.
 *
 * @param secure whether the browser uses TLS.
 * @param seconds how long to keep it.
 * @param before the `cookie` header of the request: what is left of a longer session is deleted.
 */
export function setSessionCookies(
  sealed: string,
  secure: boolean,
  seconds: number,
  before: string | null | undefined,
): readonly string[] {
  const count = Math.ceil(sealed.length / VALUE_BYTES);
  const parts = Array.from({ length: count }, (_, at) => sealed.slice(at * VALUE_BYTES, (at + 1) * VALUE_BYTES));
  const known = cookiesIn(before);
  const left = namesOf(secure).filter((name, at) => at >= count && known.has(name));
  return [
    ...parts.map((part, at) => {
      const name = at === 0 ? NAME : `${NAME}.${at}`;
      return setCookie(name, at === 0 && count > 1 ? `${count}~${part}` : part, secure, seconds);
    }),
    ...left.map((name) => clearCookie(name)),
  ];
}

/**
 * The `set-cookie` headers that delete a session, whatever the names of its cookies.
 *
 * @param before the `cookie` header of the request.
 */
export function clearSessionCookies(before: string | null | undefined): readonly string[] {
  const known = cookiesIn(before);
  const names = [true, false].flatMap((secure) => namesOf(secure).filter((name, at) => at === 0 || known.has(name)));
  return names.map((name) => clearCookie(name));
}

function namesOf(secure: boolean): readonly string[] {
  const name = `${secure ? SECURE : ""}${NAME}`;
  return [name, ...Array.from({ length: COOKIES - 1 }, (_, index) => `${name}.${index + 1}`)];
}

/** The cookies in a `cookie` header. Of several with one name, the first counts. */
export function cookiesIn(header: string | null | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const each of (header ?? "").split(";")) {
    const [name = "", ...value] = each.trim().split("=");
    if (!found.has(name)) found.set(name, value.join("="));
  }
  return found;
}

/**
 * The `set-cookie` header for a cookie of this server.
 *
 * @param name without the prefix that it has over TLS.
 * @param secure whether the browser uses TLS.
 */
export function setCookie(name: string, value: string, secure: boolean, seconds: number): string {
  const prefix = secure ? SECURE : "";
  return `${prefix}${name}=${value}; ${ATTRIBUTES}${secure ? "; Secure" : ""}; Max-Age=${Math.floor(seconds)}`;
}

/** The name that a cookie has in the browser. */
export function cookieName(name: string, secure: boolean): string {
  return (secure ? SECURE : "") + name;
}

/** The `set-cookie` header that deletes a cookie. `name` has its prefix. */
export function clearCookie(name: string): string {
  return `${name}=; ${ATTRIBUTES}${name.startsWith(SECURE) ? "; Secure" : ""}; Max-Age=0`;
}

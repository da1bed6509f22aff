/** The headers that tell the origin of a request, as in `Headers`. */
export interface OriginHeaders {
  get(name: string): string | null;
}

/**
 * The origin of a request, as reported by the browser that sent it:
 *
 * - `same`: a page of this server, or the user.
 * - `other`: a page of another site.
 * - `unsaid`: unknown. Browsers always report it for requests that change something; programs do not.
 *
 * `sec-fetch-site` is set by the browser and cannot be changed by a page
 * (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header). If it is missing, the origin must be the host of the
 * request, or the host that a trusted proxy in front received (`x-forwarded-host`, one value).
 */
export function originOf(headers: OriginHeaders, host: string | undefined): "same" | "other" | "unsaid" {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none" ? "same" : "other";
  const origin = headers.get("origin");
  if (origin === null) return "unsaid";
  const from = URL.canParse(origin) ? new URL(origin).host : undefined;
  const asked = [host, headers.get("x-forwarded-host")];
  return from !== undefined && from !== "" && asked.some((each) => each && sameHost(from, each, origin))
    ? "same"
    : "other";
}

/** Origins omit the scheme's default port, hosts may include it. */
function sameHost(from: string, host: string, origin: string): boolean {
  const url = `${origin.split(":", 1)[0]}://${host}`;
  return URL.canParse(url) && new URL(url).host === from;
}

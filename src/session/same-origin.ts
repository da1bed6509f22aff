/** The headers that tell where a request comes from, as `Headers` has them. */
export interface OriginHeaders {
  get(name: string): string | null;
}

/**
 * Where a request comes from, as the browser that sent it says:
 *
 * - `same`: from a page of this server, or from the person.
 * - `other`: from a page of another site.
 * - `unsaid`: nobody says it. Browsers always do for what changes something; programs do not.
 *
 * `sec-fetch-site` is the browser's own word, and no page can change it (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header). Where it is missing, the origin has to be the host that was
 * asked, or the one that a proxy before us was asked.
 */
export function originOf(headers: OriginHeaders, host: string | undefined): "same" | "other" | "unsaid" {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none" ? "same" : "other";
  const origin = headers.get("origin");
  if (origin === null) return "unsaid";
  const from = URL.canParse(origin) ? new URL(origin).host : undefined;
  const asked = [host, headers.get("x-forwarded-host")?.split(",")[0]?.trim()];
  return from !== undefined && from !== "" && asked.some((each) => each !== undefined && sameHost(from, each, origin))
    ? "same"
    : "other";
}

/** Origins leave the scheme's own port out, hosts may have it. */
function sameHost(from: string, host: string, origin: string): boolean {
  const url = `${origin.split(":", 1)[0]}://${host}`;
  return URL.canParse(url) && new URL(url).host === from;
}

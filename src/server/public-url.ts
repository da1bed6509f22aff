import type { Config } from "../config/schema.ts";
import { Failure } from "../failure.ts";
import { browserUsesTls } from "../session/browser-tls.ts";
import { headersOf, hostOf, isEncrypted, type NodeRequest } from "./node-http.ts";

/** Whether the browser of a request uses TLS, to us or to a proxy in front of us. */
export function requestUsesTls(request: NodeRequest, { publicUrl }: Pick<Config, "publicUrl">): boolean {
  return browserUsesTls(headersOf(request), isEncrypted(request) || isTls(publicUrl));
}

/** Whether an address is one for TLS. `undefined`: none is configured. */
export function isTls(url: string | undefined): boolean {
  return /^https:/i.test(url ?? "");
}

/**
 * The origin at which the browser of a request reaches this server: the configured one, else as the request says.
 * What proxies say counts only if there are any.
 *
 * @throws Failure REQUEST_INVALID if the request names no host.
 */
export function publicOrigin(
  request: NodeRequest,
  { publicUrl, limits }: Pick<Config, "publicUrl" | "limits">,
): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const forwarded = (name: string): string | undefined => {
    if (limits.proxies === 0) return undefined;
    const entries = [request.headers[name] ?? []].flat().join(",").split(",");
    return (entries.at(-limits.proxies) ?? entries[0])?.trim() || undefined;
  };
  const scheme = isEncrypted(request) || forwarded("x-forwarded-proto") === "https" ? "https" : "http";
  const host = forwarded("x-forwarded-host") ?? hostOf(request) ?? "";
  const url = /^[^\s/?#@\\]+$/.test(host) ? URL.parse(`${scheme}://${host}`) : null;
  if (url === null) throw new Failure("bad-request", "REQUEST_INVALID", "The request names no valid host.");
  return url.origin;
}

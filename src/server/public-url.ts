import type { Config } from "../config/schema.ts";
import { Failure } from "../failure.ts";
import { isLoopbackHost } from "../loopback-host.ts";
import { hostOf, isEncrypted, type NodeRequest } from "./node-http.ts";

type Address = Pick<Config, "publicUrl">;

/** Whether the browser of a request uses TLS, to us or to a proxy in front of us. A client can deceive itself alone. */
export function requestUsesTls(request: NodeRequest, { publicUrl }: Address): boolean {
  const { headers } = request;
  if (isEncrypted(request)) return true;
  if (publicUrl !== undefined) return isHttps(publicUrl);
  if (headers["x-forwarded-proto"] === "https" || isHttps(headers.origin)) return true;
  return headers["sec-fetch-site"] !== undefined && !isTrustedWithoutTls(askedHost(request));
}

/**
 * The origin at which the browser of a request reaches this server: the configured one, else as the request says.
 *
 * @throws Failure REQUEST_INVALID if the request names no host.
 */
export function publicOrigin(request: NodeRequest, { publicUrl }: Address): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const host = askedHost(request);
  const scheme = requestUsesTls(request, {}) ? "https" : "http";
  const url = /^[^\s/?#@\\]+$/.test(host) ? URL.parse(`${scheme}://${host}`) : null;
  if (url === null) throw new Failure("bad-request", "REQUEST_INVALID", "The request names no valid host.");
  return url.origin;
}

/** The host that the browser asked, us or a trusted proxy in front of us. */
function askedHost(request: NodeRequest): string {
  return String(request.headers["x-forwarded-host"] ?? hostOf(request) ?? "");
}

/**
 * To such hosts, browsers send `sec-fetch-site` without TLS, and to others only if their user has them trusted
 * (https://www.w3.org/TR/fetch-metadata/#framework).
 */
function isTrustedWithoutTls(host: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  return isLoopbackHost(name) || name.endsWith(".localhost");
}

function isHttps(url: string | undefined): boolean {
  return /^https:/i.test(url ?? "");
}

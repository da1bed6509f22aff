import type { IncomingMessage } from "node:http";

/** A host and an optional port, as in a URL, without the user info that HTTP forbids. */
const HOST = /^(\[[0-9a-fA-F:.]+\]|[-.\w~!$&'()*+,;=]+)(:\d*)?$/;

/**
 * Finds what a proxy in front may have parsed differently in an HTTP/1 request: the next request on the connection
 * would then not be the one that the proxy allowed (request smuggling; RFC 9112 §3.2, §6.1). Node's parser accepts
 * these.
 *
 * Rewrites an absolute request target that matches the Host header to its path.
 *
 * @returns a sentence for the client, or `undefined` if the request is unambiguous.
 */
export function ambiguityIn(request: IncomingMessage): string | undefined {
  const { httpVersion, headersDistinct } = request;
  const { host: hosts = [], "transfer-encoding": codings = [] } = headersDistinct;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "Unsupported HTTP version.";
  if (codings.length > 0 && (httpVersion === "1.0" || codings.length > 1 || codings[0]?.toLowerCase() !== "chunked"))
    return "Invalid Transfer-Encoding: only chunked is supported.";
  const [host] = hosts;
  if (hosts.length > 1 || (host === undefined && httpVersion === "1.1")) return "Exactly one Host header is required.";
  if (host !== undefined && !(HOST.test(host) && URL.canParse(`http://${host}`))) return "Invalid Host header.";
  const [, authority, target] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(request.url ?? "") ?? [];
  if (authority !== undefined) {
    if (authority.toLowerCase() !== host?.toLowerCase())
      return "The host of the request target differs from the Host header.";
    request.url = target?.startsWith("/") ? target : `/${target}`;
  }
  return /^(\/|\*$)/.test(request.url ?? "") ? undefined : "Invalid request target: it must begin with a slash.";
}

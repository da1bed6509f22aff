import type { IncomingMessage } from "node:http";

/** A host and perhaps a port: what an URL may have there, without the user that HTTP forbids. */
const HOST = /^(\[[0-9a-fA-F:.]+\]|[-.\w~!$&'()*+,;=]+)(:\d*)?$/;

/**
 * What makes a request of HTTP/1.1 one that a proxy before us may have read otherwise, so that the next request on the connection is not the one that it let through
 * (RFC 9112 §3.2, §6.1). Node's parser lets these pass.
 *
 * An absolute target that agrees with the host is put into the usual form.
 *
 * @returns a sentence, or `undefined`: there is no doubt about it.
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

import type { HttpTimeouts } from "../egress/http-connections.ts";
import type { SourceFault } from "../failure.ts";
import { isTlsCode } from "../system-code.ts";
import { SourceError } from "./source-error.ts";

/**
 * The error of a request without a response. The messages of undici and Node contain addresses, so they are only the
 * cause.
 */
export function requestFailure(source: string, cause: unknown, { connectMs, headersMs }: HttpTimeouts): SourceError {
  const code = codeOf(cause);
  const fail = (outcome: SourceError["outcome"], did: string, fault?: SourceFault) =>
    new SourceError(source, outcome, did, { cause, ...(fault !== undefined && { fault }) });
  switch (code) {
    case "ERR_EGRESS_REFUSED":
      return fail("refused", "has an address that the configuration does not allow", "address-not-allowed");
    case "ERR_TUNNEL_REFUSED":
      return fail("unavailable", "could not be reached through the proxy");
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return fail("silent", `did not accept a connection within ${seconds(connectMs)}`);
    case "UND_ERR_HEADERS_TIMEOUT":
      return fail("silent", `did not answer within ${seconds(headersMs)}`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return fail("unavailable", "has a host name that could not be resolved", "name-not-resolved");
    case "ECONNREFUSED":
      return fail("unavailable", "refused the connection", "connection-refused");
    case "UND_ERR_SOCKET":
    case "ECONNRESET":
    case "EPIPE":
      return fail("unavailable", "closed the connection without responding", "connection-closed");
    case "UND_ERR_INVALID_ARG":
      return fail("refused", "was not asked: a header that is configured for it is not valid");
    default:
      if (isTlsCode(code)) {
        return fail("unavailable", "could not be verified: TLS failed", "tls");
      }
      // The parser's error does not always have a code.
      if (code === "UND_ERR_HEADERS_OVERFLOW" || (cause instanceof Error && cause.name === "HTTPParserError")) {
        return fail("unavailable", "sent a response that is not HTTP", "not-http");
      }
      return fail("unavailable", "could not be reached");
  }
}

/** A duration for a sentence. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : "";
}

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";

/** A request of either HTTP version. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** A response of either HTTP version. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Puts several `authorization` headers into one, which then holds no token. Node keeps the first of them alone, and whatever stands in front of us may have looked at
 * another.
 */
export function joinAuthorizations(request: NodeRequest): void {
  const values = request.rawHeaders.filter((_, index, all) => index % 2 === 1 && isAuthorization(all[index - 1]));
  if (values.length > 1) request.headers.authorization = values.join(", ");
}

function isAuthorization(name: string | undefined): boolean {
  return name?.length === 13 && name.toLowerCase() === "authorization";
}

/** The host that a request asks. */
export function hostOf(request: NodeRequest): string | undefined {
  return "authority" in request ? request.authority : request.headers.host;
}

/** Reads headers as `Headers` does. Of those that came more than once, Node keeps what it keeps. */
export function headersOf({ headers }: NodeRequest): { get(name: string): string | null } {
  return {
    get: (name) => {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
  };
}

/** Sends the head of a response. The two versions take the same, though their types do not say so. */
export function sendHead(response: NodeResponse, status: number, headers: Readonly<Record<string, string>>): void {
  (response as ServerResponse).writeHead(status, headers);
  // HTTP/1.1 would keep it back until the first byte of the body.
  if ("flushHeaders" in response) response.flushHeaders();
}

/** Answers with a short text. */
export function sendText(
  response: NodeResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = String(Buffer.byteLength(text));
  (response as ServerResponse).writeHead(status, { ...TEXT_HEADERS, "content-length": length, ...headers });
  (response as ServerResponse).end(response.req.method === "HEAD" ? undefined : text);
}

/** The headers of everything that is shown as plain text: no browser may take it for anything else. */
export const TEXT_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "no-store",
};

/** Writes a piece of a body at the client's pace. @throws the reason of `signal` when it is aborted meanwhile. */
export async function writeBody(response: NodeResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!(response as ServerResponse).write(bytes)) await once(response, "drain", { signal });
}

/** Ends a body that is not whole so that no client can take it for whole. */
export function breakOff(response: NodeResponse): void {
  if ("stream" in response) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else if (response.req.httpVersion === "1.0") {
    // A body of HTTP/1.0 ends where the connection is closed: only a reset says that it is cut.
    response.socket?.resetAndDestroy();
  } else {
    // The chunked body lacks its last chunk. What was written before still goes out.
    response.socket?.destroySoon();
  }
}

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { CLIENT_LEFT } from "../abort.ts";

/** A request of either HTTP version. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** A response of either HTTP version. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Joins several `authorization` headers into one, which is then not a valid token. Node would keep only the first, and
 * a proxy in front may have checked another.
 */
export function joinAuthorizations(request: NodeRequest): void {
  const values = request.rawHeaders.filter((_, index, all) => index % 2 === 1 && isAuthorization(all[index - 1]));
  if (values.length > 1) request.headers.authorization = values.join(", ");
}

function isAuthorization(name: string | undefined): boolean {
  return name?.length === 13 && name.toLowerCase() === "authorization";
}

/** The host of a request. */
export function hostOf(request: NodeRequest): string | undefined {
  return "authority" in request ? request.authority : request.headers.host;
}

/** Whether the connection of a request is encrypted. */
export function isEncrypted({ socket }: NodeRequest): boolean {
  return "encrypted" in socket;
}

/** Reads headers like `Headers`. For repeated headers, the result is what Node keeps. */
export function headersOf({ headers }: NodeRequest): { get(name: string): string | null } {
  return {
    get: (name) => {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
  };
}

/** Sends the head of a response. Both versions accept the same arguments, although their types differ. */
export function sendHead(response: NodeResponse, status: number, headers: Readonly<Record<string, string>>): void {
  (response as ServerResponse).writeHead(status, headers);
  // HTTP/1.1 would hold it back until the first byte of the body.
  if ("flushHeaders" in response) response.flushHeaders();
}

/** Responds with a short text. */
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

/** Pages of other sites can neither embed a response nor keep a handle on the window that shows it. */
export const ISOLATION_HEADERS: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The headers of all plain text responses: browsers must not sniff another type. */
export const TEXT_HEADERS: Readonly<Record<string, string>> = {
  ...ISOLATION_HEADERS,
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "no-store",
};

/**
 * The headers of all responses that go on for as long as something happens. Proxies such as nginx collect a response
 * before they hand it on, or compress it, unless these say otherwise: https://github.com/nginx/nginx/issues/1505.
 */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/**
 * Writes a piece of a body at the client's pace.
 *
 * @throws the reason of `signal` if it is aborted meanwhile.
 */
export async function writeBody(response: NodeResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!(response as ServerResponse).write(bytes)) await once(response, "drain", { signal });
}

/** A signal that is aborted with `CLIENT_LEFT` when a response is closed, sent or not. */
export function closedSignal(response: NodeResponse): AbortSignal {
  const closed = new AbortController();
  response.once("close", () => closed.abort(CLIENT_LEFT));
  return closed.signal;
}

/** Ends an incomplete body so that no client takes it for complete. */
export function breakOff(response: NodeResponse): void {
  if ("stream" in response) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else if (response.req.httpVersion === "1.0") {
    // An HTTP/1.0 body ends when the connection is closed: only a reset shows that it is truncated.
    response.socket?.resetAndDestroy();
  } else {
    // The chunked body lacks its last chunk. What was already written is still sent.
    response.socket?.destroySoon();
  }
}

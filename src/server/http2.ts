import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { sendText } from "./node-http.ts";

export interface Http2Options {
  readonly onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** The most that the headers of a request may have, in bytes. */
  readonly headerBytes: number;
  /** For a connection to begin as HTTP/2 does, in milliseconds. */
  readonly headersMs: number;
  /** How long a connection without a request is kept, in milliseconds. */
  readonly keepAliveMs: number;
}

/** HTTP/2 on connections that somebody else accepts. */
export interface Http2 {
  serve(socket: Socket): void;
  /** Lets every connection end once its requests have. */
  close(): void;
}

/** The most requests at once on one connection; what one caller may have in all is limited elsewhere. */
const STREAMS = 256;

/** For how long a request may go on that has been answered. */
const LINGER_MS = 1_000;

/**
 * Speaks HTTP/2. Floods of its small frames (SETTINGS, PING, RST_STREAM, CONTINUATION, empty DATA) are ended by nghttp2's own limits, each proven in
 * test/integration/http2-floods.test.ts; time limits are ours, since Node has none here.
 */
export function createHttp2({ onRequest, headerBytes, headersMs, keepAliveMs }: Http2Options): Http2 {
  const server = createServer(
    { settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: headerBytes } },
    (request, response) => {
      // Clients are told this limit, and nobody holds them to it before they are at 64 KiB.
      if (sizeOf(request.rawHeaders) <= headerBytes) onRequest(request, response);
      else sendText(response, 431, `The request headers are larger than ${headerBytes} bytes.\n`);
    },
  );
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    limitTime(session, headersMs, keepAliveMs);
  });
  server.on("stream", endTogether);
  // A client's fault: its session is gone, and nobody needs to know.
  server.on("sessionError", () => undefined);
  return {
    serve(socket) {
      // Sockets of an HTTP/1.1 server stay open when their clients close them, and HTTP/2's would never hear of it.
      socket.allowHalfOpen = false;
      server.emit("connection", socket);
    },
    close() {
      for (const session of sessions) session.close();
    },
  };
}

/** Ends a session that does not begin, and one that carries nothing for long. Its pings are no reason to keep it. */
function limitTime(session: ServerHttp2Session, headersMs: number, keepAliveMs: number): void {
  let streams = 0;
  let timer = setTimeout(() => session.destroy(), headersMs);
  const endIfIdle = (): void => {
    clearTimeout(timer);
    if (streams > 0 || session.destroyed) return;
    timer = setTimeout(() => {
      // Says so first: a request that crosses it on the way may be sent again elsewhere.
      session.close();
      timer = setTimeout(() => session.destroy(), headersMs);
    }, keepAliveMs);
  };
  session.once("remoteSettings", endIfIdle);
  session.on("stream", (stream) => {
    streams += 1;
    clearTimeout(timer);
    stream.once("close", () => {
      streams -= 1;
      endIfIdle();
    });
  });
  session.once("close", () => clearTimeout(timer));
}

/** As RFC 9113 §6.5.2 counts them. */
function sizeOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((size, text) => size + text.length + 16, 0);
}

function endTogether(stream: ServerHttp2Stream): void {
  // Node lets a stream that its client reset for no reason wait for what is still to be written, which never goes out.
  stream.once("aborted", () => stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.destroy());
  // Whoever still sends a request that has been answered may stop (RFC 9113 §8.1), but has the answer's trailers first.
  stream.once("finish", () => {
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
    stream.once("close", () => clearTimeout(timer));
  });
}

import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";

export interface Http2Options {
  readonly onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** Timeout for HTTP/2's first frame on a connection, in milliseconds. */
  readonly headersMs: number;
  /** How long a connection without a request is kept, in milliseconds. */
  readonly keepAliveMs: number;
}

/** HTTP/2 on connections that another server accepts. */
export interface Http2 {
  serve(socket: Socket): void;
  /** Closes every connection once its requests have ended. */
  close(): void;
}

/**
 * The maximum size of a request's headers. Node does not enforce less (https://github.com/nodejs/node/issues/35218), and
 * whoever sends a token that is too long is told so in their protocol only if the request is read.
 */
const HEADER_BYTES = 64 * 1024;
/** The maximum number of concurrent requests on one connection; the number per caller is limited elsewhere. */
const STREAMS = 256;

/** How long the body of a request may continue after the response has ended. */
const LINGER_MS = 1_000;

/**
 * Speaks HTTP/2. Floods of small frames (SETTINGS, PING, RST_STREAM, CONTINUATION, empty DATA) are ended by nghttp2's
 * own limits, each verified in test/integration/http2-floods.test.ts. The time limits are ours, because Node has none
 * here (https://github.com/nodejs/node/issues/27556).
 */
export function createHttp2({ onRequest, headersMs, keepAliveMs }: Http2Options): Http2 {
  const server = createServer(
    { settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: HEADER_BYTES } },
    onRequest,
  );
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    limitTime(session, headersMs, keepAliveMs);
  });
  server.on("stream", endTogether);
  // The client's fault: its session is gone, and there is nothing to report.
  server.on("sessionError", () => undefined);
  return {
    serve(socket) {
      // Sockets of an HTTP/1.1 server stay open when their clients close them, and HTTP/2 would not notice.
      socket.allowHalfOpen = false;
      server.emit("connection", socket);
    },
    close() {
      for (const session of sessions) session.close();
    },
  };
}

/** Closes a session that does not start, and one without requests for too long. Pings do not keep it open. */
function limitTime(session: ServerHttp2Session, headersMs: number, keepAliveMs: number): void {
  let streams = 0;
  let timer = setTimeout(() => session.destroy(), headersMs);
  const endIfIdle = (): void => {
    clearTimeout(timer);
    if (streams > 0 || session.destroyed) return;
    timer = setTimeout(() => {
      // Sends GOAWAY first, so that a request in flight can be retried elsewhere.
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

function endTogether(stream: ServerHttp2Stream): void {
  // A stream that its client reset with NO_ERROR waits in Node for pending writes, which are never sent:
  // https://github.com/nodejs/node/issues/27863.
  stream.once("aborted", () => stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.destroy());
  // A client that is still sending a request that has been answered may stop (RFC 9113 §8.1), but gets the trailers
  // first.
  stream.once("finish", () => {
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
    stream.once("close", () => clearTimeout(timer));
  });
}

import { createServer, type Server, type ServerResponse } from "node:http";
import { constants, createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ServerTls } from "../config/tls-files.ts";
import type { NodeRequest, NodeResponse } from "./node-http.ts";

export interface ListenOptions {
  /** An address or a name; `undefined`: all addresses. */
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM texts; `undefined`: cleartext. */
  readonly tls: ServerTls | undefined;
  readonly onRequest: (request: NodeRequest, response: NodeResponse) => void;
  /** For a request's headers to arrive, in milliseconds. Default 10,000. */
  readonly headersMs?: number;
}

/** A server that listens. */
export interface Listener {
  readonly address: AddressInfo;
  /** Takes no new connections, and ends those that carry nothing. Resolves once all are gone. */
  close(): Promise<void>;
  /** Ends every connection at once. */
  destroy(): void;
}

/** What every HTTP/2 connection without negotiation begins with (RFC 9113 §3.4). No HTTP/1.1 request does. */
const PREFACE = Buffer.from("PRI * HTTP/2.0");
const HEADER_BYTES = 32 * 1024;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Longer than the 60 s for which common load balancers keep an idle connection, so that it is not ours that closes first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Listens for HTTP/1.1 and HTTP/2 on one port: by a look at a connection's first bytes, or by ALPN where there is TLS.
 *
 * It is the HTTP/1.1 server that listens, since only a listening one holds its connections to their time limits; it hands HTTP/2 connections on.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, tls, onRequest, headersMs = HEADERS_MS } = options;
  const limits = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(headersMs, 1_000),
  };
  const h1 =
    tls === undefined
      ? createServer(limits, onRequest)
      : createHttpsServer(
          {
            ...limits,
            cert: tls.cert,
            key: tls.key.reveal(),
            ALPNProtocols: ["h2", "http/1.1"],
            handshakeTimeout: headersMs,
            minVersion: "TLSv1.2",
          },
          onRequest,
        );
  const h2 = createHttp2Server({ settings: { maxConcurrentStreams: 256, maxHeaderListSize: HEADER_BYTES } }, onRequest);
  const sessions = trackSessions(h2);
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  let closing = false;

  const event = tls === undefined ? "connection" : "secureConnection";
  const serveH1 = h1.listeners(event) as ((socket: Socket) => void)[];
  const handOn = (socket: Socket, isH2: boolean): void => {
    undecided.delete(socket);
    if (isH2) {
      // Sockets of an HTTP/1.1 server stay open when their clients close them, and HTTP/2's would never hear of it.
      socket.allowHalfOpen = false;
      h2.emit("connection", socket);
    } else {
      for (const serve of serveH1) serve.call(h1, socket);
    }
  };
  h1.removeAllListeners(event);
  h1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  h1.on(event, (socket: Socket) => {
    // Whatever owns the socket hears of its errors too; without this one, an error between owners would end the process.
    socket.on("error", () => undefined);
    if (tls !== undefined) return handOn(socket, (socket as TLSSocket).alpnProtocol === "h2");
    undecided.add(socket);
    socket.once("close", () => undecided.delete(socket));
    lookAtHead(socket, headersMs, (isH2) => handOn(socket, isH2));
  });
  h1.on("request", (_request, response: ServerResponse) => {
    // A connection that its client keeps for a next request would hold up the end.
    response.once("close", () => closing && h1.closeIdleConnections());
  });

  await new Promise<void>((resolve, reject) => {
    h1.once("error", reject);
    h1.listen({ port, ...(host !== undefined && { host }) }, () => {
      h1.off("error", reject);
      resolve();
    });
  });

  return {
    address: h1.address() as AddressInfo,
    close() {
      closing = true;
      for (const socket of undecided) socket.destroy();
      return closeAll(h1, sessions, sockets);
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Collects a connection's first bytes until they differ from HTTP/2's or are all there, puts them back, and tells which it is. */
function lookAtHead(socket: Socket, timeoutMs: number, decide: (isH2: boolean) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const forget = (): void => {
    clearTimeout(timer);
    socket.off("readable", look).off("end", leave).off("close", forget);
  };
  // The server's sockets stay open on our side when clients close theirs, as the checks of load balancers do.
  const leave = (): void => void socket.destroy();
  const look = (): void => {
    for (let part = socket.read() as Buffer | null; part !== null; part = socket.read() as Buffer | null) {
      head = Buffer.concat([head, part]);
    }
    const length = Math.min(head.length, PREFACE.length);
    const alike = head.subarray(0, length).equals(PREFACE.subarray(0, length));
    // "P" may still become POST.
    if (alike && length < PREFACE.length) return;
    forget();
    socket.unshift(head);
    decide(alike);
  };
  socket.on("readable", look).once("end", leave).once("close", forget);
}

function trackSessions(h2: Http2Server): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  h2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  h2.on("stream", (stream) => {
    // Node lets a stream that its client reset for no reason wait for what is still to be written, which never goes out.
    stream.once("aborted", () => stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.destroy());
  });
  // A client's fault: its session is gone, and nobody needs to know.
  h2.on("sessionError", () => undefined);
  return sessions;
}

async function closeAll(
  h1: Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => h1.close(() => resolve()));
  h1.closeIdleConnections();
  for (const session of sessions) session.close();
  await Promise.all([
    closed,
    ...[...sockets].map((socket) => socket.closed || new Promise((resolve) => socket.once("close", resolve))),
  ]);
}

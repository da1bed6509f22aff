import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ServerTls } from "../config-values/tls-files.ts";
import { ambiguityIn } from "./http1-ambiguity.ts";
import { answerUnparsable } from "./http1-errors.ts";
import { createHttp2, type Http2 } from "./http2.ts";
import { type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";

export interface ListenOptions {
  /** An address or a name; `undefined`: all interfaces. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  /** PEM texts; `undefined`: cleartext. */
  readonly tls: ServerTls | undefined;
  readonly onRequest: (request: NodeRequest, response: NodeResponse) => void;
  /** Timeout for a request's headers, in milliseconds. Default 10,000. */
  readonly headersMs?: number;
  /** Timeout for a whole request, in milliseconds. Default {@link REQUEST_MS}. */
  readonly requestMs?: number;
  /** How long a connection without a request is kept, in milliseconds. Default 75,000. */
  readonly keepAliveMs?: number;
  /** How many connections may be open. More are closed at once. Default: unlimited. */
  readonly maxConnections?: number;
  /** Called for each connection that is closed because there are too many. */
  readonly onDrop?: () => void;
}

/** A server that is listening. */
export interface Listener {
  readonly address: AddressInfo;
  /** Takes no new connections, and closes idle ones. Resolves when all are closed. */
  close(): Promise<void>;
  /** Closes every connection immediately. */
  destroy(): void;
}

/** The start of every HTTP/2 connection without negotiation (RFC 9113 §3.4). No HTTP/1.1 request begins with it. */
const PREFACE = Buffer.from("PRI * HTTP/2.0");
/** The maximum size of the headers of an HTTP/1.1 request. */
const HEADER_BYTES = 32 * 1024;
const HEADERS_MS = 10_000;
/** Timeout for a whole request, in milliseconds. */
export const REQUEST_MS = 30_000;
/** How much earlier than the server the reader of a request times out: it can report why. */
const GRACE_MS = 1_000;
/** More than the 60 s for which common load balancers keep an idle connection, so that ours is not closed first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Listens for HTTP/1.1 and HTTP/2 on one port, distinguished by the first bytes of a connection or, with TLS, by ALPN.
 *
 * The HTTP/1.1 server is the one that listens, because only a listening server enforces its time limits; it hands
 * HTTP/2 connections on.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, tls, headersMs = HEADERS_MS, requestMs = REQUEST_MS, keepAliveMs = KEEP_ALIVE_MS } = options;
  const onRequest = rejectAmbiguous(options.onRequest);
  const limits = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs + GRACE_MS,
    keepAliveTimeout: keepAliveMs,
    // rejectAmbiguous checks it.
    requireHostHeader: false,
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
  answerUnparsable(h1, HEADER_BYTES);
  if (options.maxConnections !== undefined) h1.maxConnections = options.maxConnections;
  if (options.onDrop !== undefined) h1.on("drop", options.onDrop);
  const h2 = createHttp2({ onRequest: options.onRequest, headersMs, keepAliveMs });
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  let closing = false;

  const event = tls === undefined ? "connection" : "secureConnection";
  const serveH1 = h1.listeners(event) as ((socket: Socket) => void)[];
  const handOn = (socket: Socket, isH2: boolean): void => {
    undecided.delete(socket);
    if (isH2) {
      h2.serve(socket);
      return;
    }
    for (const serve of serveH1) serve.call(h1, socket);
    if (tls !== undefined) readByEvents(socket);
  };
  h1.removeAllListeners(event);
  h1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  h1.on(event, (socket: Socket) => {
    // Whatever owns the socket also receives its errors; without this listener, an error between owners would end the
    // process.
    socket.on("error", () => undefined);
    if (tls !== undefined) return handOn(socket, (socket as TLSSocket).alpnProtocol === "h2");
    undecided.add(socket);
    socket.once("close", () => undecided.delete(socket));
    detectProtocol(socket, headersMs, (isH2) => handOn(socket, isH2));
  });
  h1.on("request", (_request, response: ServerResponse) => {
    // A connection that its client keeps for another request would delay the shutdown.
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
      return closeAll(h1, h2, sockets);
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Collects a connection's first bytes until they differ from HTTP/2's preface or match it, puts them back, and returns
 * which it is.
 */
function detectProtocol(socket: Socket, timeoutMs: number, decide: (isH2: boolean) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const forget = (): void => {
    clearTimeout(timer);
    socket.off("readable", look).off("end", leave).off("close", forget);
  };
  // The server's sockets stay half-open when clients close theirs, as the health checks of load balancers do.
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

/**
 * Makes the HTTP/1.1 parser of a TLS connection read by `data` events. By default it takes over the connection's native
 * reads (`parser.consume`), which `pause()` stops only after all TLS records that have arrived. So a request that
 * arrives before the last response has drained, with its body in a second record, fails with "Parse Error: Paused".
 */
function readByEvents(socket: Socket): void {
  socket.on("data", () => undefined);
}

/** Rejects a request that two parsers may read differently, and closes the connection. */
function rejectAmbiguous(onRequest: ListenOptions["onRequest"]): ListenOptions["onRequest"] {
  const refused = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request as IncomingMessage;
    if (refused.has(socket)) return;
    const ambiguity = ambiguityIn(request as IncomingMessage);
    if (ambiguity === undefined) return onRequest(request, response);
    refused.add(socket);
    sendText(response, 400, `${ambiguity}\n`, { connection: "close" });
  };
}

async function closeAll(h1: Server, h2: Http2, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => h1.close(() => resolve()));
  h1.closeIdleConnections();
  h2.close();
  await Promise.all([
    closed,
    ...[...sockets].map((socket) => socket.closed || new Promise((resolve) => socket.once("close", resolve))),
  ]);
}

import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";

/** An address that a name resolves to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a name to all its addresses. */
export type Resolve = (name: string) => Promise<readonly ResolvedAddress[]>;

/** Uses the system's resolver, as most programs do: it knows /etc/hosts and search domains. */
export const systemResolve: Resolve = (name) => lookup(name, { all: true });

/** The same as for undici's own connections. */
const KEEP_ALIVE_MS = 60_000;
const BUFFER_BYTES = 64 * 1024;
const HEAD_BYTES = 16 * 1024;

/** Thrown when a proxy does not establish the tunnel. */
class TunnelRefused extends Error {
  readonly code = "ERR_TUNNEL_REFUSED";

  constructor(head: string) {
    // The reason phrase is the proxy's own, and may repeat parts of the request.
    super(`The proxy responded: ${/^HTTP\/1\.[01] \d{3}(?=[ \r])/.exec(head)?.[0] ?? "something that is not HTTP"}`);
    this.name = "TunnelRefused";
  }
}

/**
 * Connects to the first of these addresses that accepts.
 *
 * @param addresses at least one. Nothing else is connected to, and no name is resolved.
 * @throws the error of the connection; the reason of `stop` when it is aborted, which also destroys the socket at once.
 */
export async function openTcp(
  hostname: string,
  port: number,
  addresses: readonly ResolvedAddress[],
  stop: AbortSignal,
): Promise<Socket> {
  const resolved: LookupFunction = (_, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first?.address ?? "", first?.family);
  };
  const options: TcpNetConnectOpts = {
    host: isIP(hostname) === 0 ? hostname : (addresses[0]?.address ?? ""),
    port,
    lookup: resolved,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    // Node passes it to the stream, although its types do not say so.
    ...{ highWaterMark: BUFFER_BYTES },
  };
  const socket = connectTcp(options);
  await until(socket, "connect", stop);
  return socket;
}

export interface TlsOptions {
  readonly context: SecureContext;
  /** The name to expect in the certificate. */
  readonly hostname: string;
  readonly allowH2: boolean;
  readonly rejectUnauthorized: boolean;
}

/**
 * Upgrades a connection to TLS.
 *
 * @throws the error of the handshake; the reason of `stop` when it is aborted. The connection is then closed.
 */
export async function openTls(
  below: Socket,
  { context, hostname, allowH2, rejectUnauthorized }: TlsOptions,
  stop: AbortSignal,
): Promise<Socket> {
  // Its errors are also errors of the connection above it.
  below.on("error", () => undefined);
  const socket = connectTls({
    socket: below,
    host: hostname,
    // RFC 6066 §3 does not allow addresses here.
    servername: isIP(hostname) === 0 ? hostname : "",
    secureContext: context,
    rejectUnauthorized,
    ALPNProtocols: allowH2 ? ["h2", "http/1.1"] : ["http/1.1"],
  });
  await until(socket, "secureConnect", stop);
  return socket;
}

/**
 * Asks the HTTP proxy at the other end for a tunnel (RFC 9110 §9.3.6).
 *
 * @param authority the destination: `host:port`.
 * @throws TunnelRefused; the error of the connection; the reason of `stop` when it is aborted. The connection is then
 * closed.
 */
export async function openTunnel(
  socket: Socket,
  authority: string,
  authorization: string | undefined,
  stop: AbortSignal,
): Promise<void> {
  const headers = [
    `Host: ${authority}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
  ];
  socket.write([`CONNECT ${authority} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
  let head = Buffer.alloc(0);
  while (!head.includes("\r\n\r\n")) {
    if (head.length > HEAD_BYTES) {
      socket.destroy();
      throw new TunnelRefused(head.toString("latin1"));
    }
    const part = socket.read() as Buffer | null;
    if (part === null) await until(socket, "readable", stop);
    else head = Buffer.concat([head, part]);
  }
  // A TLS server does not speak first, so anything after the head did not come from the destination.
  if (/^HTTP\/1\.[01] 2\d\d[ \r]/.test(head.toString("latin1")) && head.indexOf("\r\n\r\n") === head.length - 4) return;
  socket.destroy();
  throw new TunnelRefused(head.toString("latin1"));
}

/** Waits for an event of a connection, and closes the connection if another comes first. */
function until(socket: Socket, event: "connect" | "secureConnect" | "readable", stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      socket.off(event, come).off("error", fail).off("end", ended).off("close", ended);
      stop.removeEventListener("abort", leave);
    };
    const come = (): void => {
      forget();
      resolve();
    };
    const fail = (error: unknown): void => {
      forget();
      // It may emit more errors, which nobody listens for any more.
      socket.on("error", () => undefined).destroy();
      reject(error);
    };
    const ended = (): void =>
      fail(Object.assign(new Error("The connection was closed before it was established."), { code: "ECONNRESET" }));
    const leave = (): void => fail(stop.reason);
    socket.once(event, come).once("error", fail).once("end", ended).once("close", ended);
    stop.addEventListener("abort", leave);
    if (stop.aborted) leave();
  });
}

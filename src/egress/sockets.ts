import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";

/** An address that a name resolves to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Finds all addresses of a name. */
export type Resolve = (name: string) => Promise<readonly ResolvedAddress[]>;

/** Asks the system, as most programs do: it knows /etc/hosts and search domains. */
export const systemResolve: Resolve = (name) => lookup(name, { all: true });

/** What undici's own connections have. */
const KEEP_ALIVE_MS = 60_000;
const BUFFER_BYTES = 64 * 1024;
const HEAD_BYTES = 16 * 1024;

/** Thrown when a proxy answers something else than that the connection stands. */
class TunnelRefused extends Error {
  readonly code = "ERR_TUNNEL_REFUSED";

  constructor(head: string) {
    // The words after the status are the proxy's own choice, and may repeat what it was asked with.
    super(`The proxy responded: ${/^HTTP\/1\.[01] \d{3}(?=[ \r])/.exec(head)?.[0] ?? "something that is not HTTP"}`);
    this.name = "TunnelRefused";
  }
}

/**
 * Connects to one of these addresses, whichever answers first.
 *
 * @param addresses at least one. Nothing else is connected to, and no name is resolved.
 * @throws what the connection throws; the reason of `stop` when it is aborted. The half-made connection is ended then, at once.
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
    // Node hands it on to the stream, though its types do not say so.
    ...{ highWaterMark: BUFFER_BYTES },
  };
  const socket = connectTcp(options);
  await until(socket, "connect", stop);
  return socket;
}

export interface TlsOptions {
  readonly context: SecureContext;
  /** The name that the certificate has to be for. */
  readonly hostname: string;
  readonly allowH2: boolean;
  readonly rejectUnauthorized: boolean;
}

/**
 * Makes a connection secure.
 *
 * @throws what the handshake throws; the reason of `stop` when it is aborted. The connection is ended then.
 */
export async function openTls(
  below: Socket,
  { context, hostname, allowH2, rejectUnauthorized }: TlsOptions,
  stop: AbortSignal,
): Promise<Socket> {
  // Its errors are those of the connection above it too.
  below.on("error", () => undefined);
  const socket = connectTls({
    socket: below,
    host: hostname,
    // RFC 6066 §3 has no addresses here.
    servername: isIP(hostname) === 0 ? hostname : "",
    secureContext: context,
    rejectUnauthorized,
    ALPNProtocols: allowH2 ? ["h2", "http/1.1"] : ["http/1.1"],
  });
  await until(socket, "secureConnect", stop);
  return socket;
}

/**
 * Asks the HTTP proxy at the other end of a connection to pass it on (RFC 9110 §9.3.6).
 *
 * @param authority whom to: `host:port`.
 * @throws TunnelRefused; what the connection throws; the reason of `stop` when it is aborted. The connection is ended then.
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
  // Nobody speaks first in TLS, so what follows the head could only be somebody else's words.
  if (/^HTTP\/1\.[01] 2\d\d[ \r]/.test(head.toString("latin1")) && head.indexOf("\r\n\r\n") === head.length - 4) return;
  socket.destroy();
  throw new TunnelRefused(head.toString("latin1"));
}

/** Waits for an event of a connection, and ends the connection where another comes first. */
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
      // It may have more than one thing to say, and nobody listens any more.
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

import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, createSecureContext, type SecureContextOptions } from "node:tls";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import { abortable } from "../abort.ts";
import { revealText, type Secret } from "../secret.ts";
import { createAddressPolicy } from "./address-policy.ts";
import type { HttpProxy, Proxies } from "./proxies.ts";
import { openTcp, openTls, openTunnel, type Resolve, type ResolvedAddress, systemResolve } from "./sockets.ts";

/** TLS settings: how to verify the other end, and the client certificate. */
export interface TlsSettings
  extends Pick<ConnectionOptions, "ca" | "cert" | "passphrase" | "servername" | "rejectUnauthorized"> {
  readonly key?: string | Buffer | Secret;
}

export interface EgressOptions {
  /** Addresses and CIDR ranges to allow whatever they are. Default: none. */
  readonly allow?: readonly string[];
  /** Default: no proxy. */
  readonly proxies?: Proxies;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
}

export interface AgentOptions {
  /**
   * Whether the hosts to connect to are literal text of the operator. Otherwise they were made from values that users
   * choose, and private addresses are not allowed.
   */
  readonly written: boolean;
  /** Whether to use the proxies for these connections. */
  readonly proxied: boolean;
  readonly tls?: TlsSettings | undefined;
  /**
   * Whether several requests may share a connection. Otherwise each has its own, and its signal aborts it while it is
   * being established.
   */
  readonly allowH2: boolean;
  /** Connect timeout, including DNS, proxy and TLS, in milliseconds. */
  readonly connectMs: number;
  /** Timeout from the request to the response headers, in milliseconds. */
  readonly headersMs: number;
  /** Idle timeout between two pieces of the body, in milliseconds. 0: none. */
  readonly bodyMs: number;
}

/** The guard of all outgoing connections: decides which addresses are allowed, and connects to no others. */
export interface Egress {
  /**
   * Creates an undici dispatcher, which owns its connections. It throws `EgressRefused` if an address is not allowed.
   */
  createAgent(options: AgentOptions): Dispatcher;
}

/**
 * Creates the guard, with the rules of `address-policy.ts`.
 *
 * A name is resolved once for each connection. All of its addresses must be allowed, and one of them is connected to,
 * so a second DNS answer has no effect. Through a proxy, which resolves names itself, only hosts that are addresses can
 * be checked.
 *
 * @throws Error if an entry of `allow` is neither an address nor a range.
 */
export function createEgress(options: EgressOptions = {}): Egress {
  const { proxies = () => undefined, resolve = systemResolve } = options;
  const { check } = createAddressPolicy(options.allow ?? []);

  const find = async (host: string, written: boolean, stop: AbortSignal): Promise<readonly ResolvedAddress[]> => {
    const family = isIP(host);
    const found = family === 0 ? await abortable(resolve(host), stop) : [{ address: host, family }];
    if (found.length === 0) throw Object.assign(new Error(`${host} has no address.`), { code: "ENOTFOUND" });
    for (const { address } of found) check(host, address, written);
    return found;
  };

  const connectToProxy = async ({ url }: HttpProxy, stop: AbortSignal): Promise<Socket> => {
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = await openTcp(hostname, portOf(url), await find(hostname, true, stop), stop);
    if (url.protocol === "http:") return socket;
    const context = createSecureContext();
    return openTls(socket, { context, hostname, allowH2: false, rejectUnauthorized: true }, stop);
  };

  const createAgent = (agentOptions: AgentOptions): Dispatcher => {
    const { written, proxied, tls = {}, allowH2, connectMs, headersMs, bodyMs } = agentOptions;
    const proxyFor: Proxies = (destination) => (proxied ? proxies(destination) : undefined);
    const context = createSecureContext(revealKey(tls));

    const connect = async (to: buildConnector.Options, stop: AbortSignal): Promise<Socket> => {
      const { hostname, protocol, port, servername } = to;
      const proxy = proxyFor(to);
      let socket: Socket;
      if (proxy === undefined) {
        socket = await openTcp(hostname, portOf(to), await find(hostname, written, stop), stop);
      } else {
        if (isIP(hostname) !== 0) check(hostname, hostname, written);
        socket = await connectToProxy(proxy, stop);
        const authority = `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${portOf({ protocol, port })}`;
        if (protocol === "https:") await openTunnel(socket, authority, proxy.authorization?.reveal(), stop);
      }
      if (protocol !== "https:") return socket;
      const name = tls.servername || servername || hostname;
      const rejectUnauthorized = tls.rejectUnauthorized ?? true;
      return openTls(socket, { context, hostname: name, allowH2, rejectUnauthorized }, stop);
    };

    /**
     * The request that is being dispatched: undici starts to connect before `dispatch` returns, and does not say for
     * which request.
     */
    let asking: AbortSignal | undefined;
    const agent = new Agent({
      // One connection for each request if they cannot share one, so that a slow reader does not block the others.
      pipelining: 1,
      allowH2,
      headersTimeout: headersMs,
      bodyTimeout: bodyMs,
      connect(to, callback) {
        const stop = stopAfter(connectMs, asking);
        connect(to, stop.signal)
          .finally(stop.forget)
          .then(
            (socket) => callback(null, socket),
            (error) => callback(error, null),
          );
      },
    });

    return agent.compose((dispatch) => (request, handler) => {
      if (!allowH2) asking = (request as { signal?: AbortSignal }).signal;
      try {
        return dispatch(proxied ? throughProxy(request, proxyFor) : request, handler);
      } finally {
        asking = undefined;
      }
    });
  };

  return { createAgent };
}

/** A request without TLS is not tunnelled: it sends the proxy the absolute URL (RFC 9112 §3.2.2). */
function throughProxy(request: Dispatcher.DispatchOptions, proxyFor: Proxies): Dispatcher.DispatchOptions {
  const { origin, path, headers } = request;
  const { protocol, hostname, port } = new URL(String(origin));
  const proxy = proxyFor({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port });
  if (proxy === undefined || protocol !== "http:") return request;
  const { authorization } = proxy;
  return {
    ...request,
    path: `${origin}${path}`,
    headers: {
      ...(headers as Record<string, string>),
      ...(authorization !== undefined && { "proxy-authorization": authorization.reveal() }),
    },
  };
}

function revealKey({ key, ...rest }: TlsSettings): SecureContextOptions {
  if (key === undefined) return rest;
  return { ...rest, key: Buffer.isBuffer(key) ? key : revealText(key) };
}

function portOf({ protocol, port }: { readonly protocol: string; readonly port: string }): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/** A signal that is aborted after a time, or when `signal` is: with errors of our own, because undici inspects them. */
function stopAfter(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; forget: () => void } {
  const stop = new AbortController();
  const abort = (): void => stop.abort(new Error("The caller left.", { cause: signal?.reason }));
  const timer = setTimeout(() => {
    stop.abort(Object.assign(new Error(`No connection within ${ms} ms.`), { code: "ETIMEDOUT" }));
  }, ms);
  signal?.addEventListener("abort", abort);
  return {
    signal: stop.signal,
    forget: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}

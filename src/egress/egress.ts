import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, createSecureContext, type SecureContextOptions } from "node:tls";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import { orAborted } from "../or-aborted.ts";
import { revealText, type Secret } from "../secret.ts";
import { createAddressPolicy } from "./address-policy.ts";
import type { HttpProxy, Proxies } from "./proxies.ts";
import { openTcp, openTls, openTunnel, type Resolve, type ResolvedAddress, systemResolve } from "./sockets.ts";

/** How the other end proves itself, and how we do. */
export interface TlsSettings
  extends Pick<ConnectionOptions, "ca" | "cert" | "passphrase" | "servername" | "rejectUnauthorized"> {
  readonly key?: string | Buffer | Secret;
}

export interface EgressOptions {
  /** Addresses and ranges that may be connected to whatever they are. Default: none. */
  readonly allow?: readonly string[];
  /** Default: no proxy. */
  readonly proxies?: Proxies;
  /** Default: as the system resolves names. */
  readonly resolve?: Resolve;
}

export interface AgentOptions {
  /** Whether the operator wrote the hosts that will be asked. Else values that users choose have made them, and they may not lead inside. */
  readonly written: boolean;
  /** Whether the proxies are for these connections. */
  readonly proxied: boolean;
  readonly tls?: TlsSettings | undefined;
  /** Whether several requests may share a connection. Else each has its own, which its signal ends while it is being made. */
  readonly allowH2: boolean;
  /** Until a connection stands: name, proxy and TLS included. In milliseconds. */
  readonly connectMs: number;
  /** From the request to the answer's headers, in milliseconds. */
  readonly headersMs: number;
  /** Between two pieces of the body, in milliseconds. 0: no limit. */
  readonly bodyMs: number;
}

/** The one way out: decides which addresses may be connected to, and connects to no other. */
export interface Egress {
  /** Makes an undici dispatcher, which keeps its connections. What it throws where an address is not allowed is an `EgressRefused`. */
  createAgent(options: AgentOptions): Dispatcher;
}

/**
 * Makes the way out, by the rules of `address-policy.ts`.
 *
 * A name is resolved once for each connection. Each address that it has must be allowed, and one of them is connected to, so that no second answer counts.
 * Through a proxy, which resolves names itself, only addresses that stand in place of a name can be looked at.
 *
 * @throws Error when an entry of `allow` is neither an address nor a range.
 */
export function createEgress(options: EgressOptions = {}): Egress {
  const { proxies = () => undefined, resolve = systemResolve } = options;
  const { check } = createAddressPolicy(options.allow ?? []);

  const find = async (host: string, written: boolean, stop: AbortSignal): Promise<readonly ResolvedAddress[]> => {
    const family = isIP(host);
    const found = family === 0 ? await orAborted(resolve(host), stop) : [{ address: host, family }];
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

    /** Whose request is being dispatched: undici begins to connect before `dispatch` returns, and does not say for which request. */
    let asking: AbortSignal | undefined;
    const agent = new Agent({
      // One connection for each request, where they cannot share it, so that a slow reader holds up nobody else.
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
        return dispatch(throughProxy(request, proxyFor), handler);
      } finally {
        asking = undefined;
      }
    });
  };

  return { createAgent };
}

/** A request without TLS is not tunnelled: it tells the proxy the whole address (RFC 9112 §3.2.2). */
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

/** A signal that is aborted after a time, or when `signal` is: with errors of our own, since undici looks into them. */
function stopAfter(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; forget: () => void } {
  const stop = new AbortController();
  const leave = (): void => stop.abort(new Error("The caller left.", { cause: signal?.reason }));
  const timer = setTimeout(() => {
    stop.abort(Object.assign(new Error(`No connection within ${ms} ms.`), { code: "ETIMEDOUT" }));
  }, ms);
  signal?.addEventListener("abort", leave);
  return {
    signal: stop.signal,
    forget: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    },
  };
}

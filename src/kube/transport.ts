import { createHash } from "node:crypto";
import { type Dispatcher, ProxyAgent } from "undici";
import { abortable } from "../abortable.ts";
import type { Egress } from "../egress/egress.ts";
import { revealText } from "../secret.ts";
import { unavailable } from "./answer.ts";
import type { KubeConnection, KubeCredentials, KubeTls } from "./connection.ts";

/** What a request has beside its method and path. */
export interface SendOptions {
  /** Sent as JSON. */
  readonly body?: object;
  /** Between two pieces of the answer, in milliseconds; 0: no limit. Default: the transport's. */
  readonly bodyTimeout?: number;
}

/** Sends requests to the API server, over connections that are kept. */
export interface Transport {
  /**
   * Sends one request with the credentials of the moment.
   *
   * @param path after the path of the server's own address.
   * @throws what the connection throws; the reason of `signal` when it is aborted; Failure KUBERNETES_UNAVAILABLE where the credentials take longer than an answer may.
   */
  send(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal | undefined,
    options?: SendOptions,
  ): Promise<Dispatcher.ResponseData>;
  /** Closes all connections, once what is under way has ended. */
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;

/** @param answerMs for an answer to begin, and then for each next piece of it, in milliseconds. */
export function createTransport(connection: KubeConnection, egress: Egress, answerMs: number): Transport {
  let agent: { readonly given: KubeTls; readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;

  /** A dispatcher for these TLS settings; a new one when a certificate was rotated. */
  const dispatcherFor = (given: KubeTls): Dispatcher => {
    // Mostly the same object as before: only a new one has to be looked into.
    if (agent?.given === given) return agent.dispatcher;
    const tls = revealKey(given);
    const fingerprint = createHash("sha256").update(JSON.stringify(tls)).digest("base64");
    if (agent?.fingerprint === fingerprint) {
      agent = { ...agent, given };
      return agent.dispatcher;
    }
    agent?.dispatcher.close().catch(() => undefined);
    const { proxyUrl: uri } = connection;
    const dispatcher =
      uri === undefined
        ? egress.createAgent({
            written: true,
            proxied: false,
            tls: given,
            allowH2: true,
            connectMs: CONNECT_MS,
            headersMs: answerMs,
            bodyMs: answerMs,
          })
        : new ProxyAgent({
            headersTimeout: answerMs,
            bodyTimeout: answerMs,
            uri,
            requestTls: { ...tls, timeout: CONNECT_MS },
          });
    agent = { given, fingerprint, dispatcher };
    return dispatcher;
  };

  let asked: { readonly of: Promise<KubeCredentials>; readonly inTime: Promise<KubeCredentials> } | undefined;
  /** Mostly the same promise as before: one limit is enough for all who wait for it. */
  const credentials = (): Promise<KubeCredentials> => {
    const of = connection.credentials();
    if (asked?.of !== of) asked = { of, inTime: inTime(of, answerMs) };
    return asked.inTime;
  };

  return {
    async send(method, path, signal, { body, ...options } = {}) {
      const given = credentials();
      const { headers, tls } = await (signal === undefined ? given : abortable(given, signal));
      const { origin, pathname } = new URL(connection.server);
      return dispatcherFor(tls).request({
        origin,
        path: `${pathname === "/" ? "" : pathname}${path}`,
        method,
        ...(signal && { signal }),
        ...options,
        headers: {
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, revealText(value)])),
          accept: "application/json",
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    },
    close: async () => agent?.dispatcher.close(),
  };
}

/** A kubeconfig may have a program tell the credentials, which may never end. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  const end = (): void => {
    const why = new Error(`There were no credentials within ${ms} ms.`);
    late.abort(unavailable("The credentials for the Kubernetes API server take too long.", why));
  };
  const timer = setTimeout(end, ms);
  try {
    return await abortable(work, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

function revealKey({ key, ...rest }: KubeTls): Omit<KubeTls, "key"> & { readonly key?: string | Buffer } {
  if (key === undefined) return rest;
  return { ...rest, key: Buffer.isBuffer(key) ? key : revealText(key) };
}

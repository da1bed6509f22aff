import { createHash } from "node:crypto";
import { type Dispatcher, ProxyAgent } from "undici";
import { abortable } from "../abort.ts";
import type { Egress } from "../egress/egress.ts";
import { revealText } from "../secret.ts";
import { unavailable } from "./answer.ts";
import type { KubeConnection, KubeCredentials, KubeTls } from "./connection.ts";
import { type AnswerLimits, type WholeAnswer, WholeAnswerHandler } from "./whole-answer.ts";

type Method = "GET" | "POST";

/** Sends requests to the API server, over connections that are kept. */
export interface Transport {
  /**
   * Sends one request with the credentials of the moment, and reads the whole answer.
   *
   * @param path after the path of the server's own address.
   * @param body sent as JSON.
   * @throws what the connection throws; the reason of `signal` when it is aborted; Failure KUBERNETES_UNAVAILABLE where
   * the credentials take longer than an answer may, or the answer is beyond `limits`.
   */
  exchange(
    method: Method,
    path: string,
    signal: AbortSignal | undefined,
    limits: AnswerLimits,
    body?: object,
  ): Promise<WholeAnswer>;
  /** Sends a GET in the same way for an answer that is read as it comes, however long it is silent. */
  open(path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
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

  let address: { readonly origin: string; readonly path: string } | undefined;
  /** Not before it is needed: a wrong address is told to those who ask for something. */
  const server = (): { readonly origin: string; readonly path: string } => {
    if (address === undefined) {
      const { origin, pathname } = new URL(connection.server);
      address = { origin, path: pathname === "/" ? "" : pathname };
    }
    return address;
  };

  const prepare = async (method: Method, path: string, signal: AbortSignal | undefined, body?: object) => {
    const given = credentials();
    const { headers: own, tls } = await (signal === undefined ? given : abortable(given, signal));
    const { origin, path: root } = server();
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(own)) headers[name] = revealText(value);
    headers.accept = "application/json";
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = {
      origin,
      path: `${root}${path}`,
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    };
    return { dispatcher: dispatcherFor(tls), request };
  };

  return {
    async exchange(method, path, signal, limits, body) {
      const { dispatcher, request } = await prepare(method, path, signal, body);
      const handler = new WholeAnswerHandler(limits, signal);
      dispatcher.dispatch(request, handler);
      return handler.answer;
    },
    async open(path, signal) {
      const { dispatcher, request } = await prepare("GET", path, signal);
      return dispatcher.request({ ...request, signal, bodyTimeout: 0 });
    },
    close: async () => agent?.dispatcher.close(),
  };
}

/** A kubeconfig may have a program tell the credentials, which may never end. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  const end = (): void => {
    const why = new Error(`No credentials were available within ${ms} ms.`);
    late.abort(unavailable("Getting credentials for the Kubernetes API server took too long.", why));
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

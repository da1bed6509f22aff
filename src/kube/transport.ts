import { createHash } from "node:crypto";
import { type Dispatcher, ProxyAgent } from "undici";
import { abortable } from "../abort.ts";
import type { Egress } from "../egress/egress.ts";
import { revealText, type Secret } from "../secret.ts";
import { unavailable } from "./answer.ts";
import type { KubeConnection, KubeCredentials, KubeTls } from "./connection.ts";
import { type AnswerLimits, type WholeAnswer, WholeAnswerHandler } from "./whole-answer.ts";

type Method = "GET" | "POST";

/** Sends requests to the API server and reuses connections. */
export interface Transport {
  /**
   * Sends one request with the current credentials, and reads the whole response.
   *
   * @param path relative to the server's URL.
   * @param body sent as JSON.
   * @throws what the connection throws; the reason of `signal` when it is aborted; Failure KUBERNETES_UNAVAILABLE if
   * the credentials take longer than a response may, or the response exceeds `limits`.
   */
  exchange(
    method: Method,
    path: string,
    signal: AbortSignal | undefined,
    limits: AnswerLimits,
    body?: object,
  ): Promise<WholeAnswer>;
  /** Sends a GET whose response is streamed, without an idle timeout. */
  open(path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  /** Closes all connections when pending calls have ended. */
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;

/** @param answerMs timeout for the start of a response and for each further piece, in milliseconds. */
export function createTransport(connection: KubeConnection, egress: Egress, answerMs: number): Transport {
  let agent: { readonly given: KubeTls; readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;

  /** The dispatcher for these TLS settings; a new one after a certificate was rotated. */
  const dispatcherFor = (given: KubeTls): Dispatcher => {
    // Usually the same object as before: only a new one has to be hashed.
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
  /** Usually the same promise as before, for which one timeout suffices. */
  const credentials = (): Promise<KubeCredentials> => {
    const of = connection.credentials();
    if (asked?.of !== of) asked = { of, inTime: inTime(of, answerMs) };
    return asked.inTime;
  };

  let address: { readonly origin: string; readonly path: string } | undefined;
  /** Parsed when it is needed, so that calls fail if the URL is invalid. */
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
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(own)) headers[name] = isList(value) ? [...value] : revealText(value);
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

function isList(value: string | readonly string[] | Secret): value is readonly string[] {
  return Array.isArray(value);
}

/** The credentials may come from a program named in the kubeconfig, which may hang. */
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

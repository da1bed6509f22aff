import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { type Dispatcher, ProxyAgent } from "undici";
import { z } from "zod";
import { createEgress, type Egress } from "../egress/egress.ts";
import { Failure } from "../failure.ts";
import { revealText } from "../secret.ts";
import { parseJson, readAnswer, readText, statusFailure, unavailable } from "./answer.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";
import { isNamespaceName, isObjectName } from "./names.ts";
import { PODS } from "./resources.ts";
import { isSilence, isTransient, retryAfter, retryDelay, type Wait, waitReally } from "./retry.ts";

/** A kind of object, as the API server's paths name it. */
export interface KubeResource {
  /** API group; empty for the core. */
  readonly group: string;
  readonly version: string;
  /** Plural, in lower case. */
  readonly plural: string;
}

/** A log that the API server has begun to answer with, or why it has not. */
export interface KubeLogAnswer {
  readonly status: number;
  /** The log where the status is 200, else a short text about why there is none. */
  readonly body: Readable;
}

/**
 * The one way to the API server. Every failure is a {@link Failure}; nothing is kept between calls. A call that fails in a way that may change (no connection, 429, 5xx) is
 * tried again, four times in ten seconds at the most; access is never taken for granted meanwhile.
 */
export interface KubeApi {
  /** Reads one object, or `undefined` where there is none. `namespace` is left out for cluster-wide kinds. */
  get(resource: KubeResource, namespace: string | undefined, name: string, signal: AbortSignal): Promise<unknown>;
  /** Reads a list in chunks of at most 250 objects, in the server's order, as they are asked for. A kind that the server does not know is an empty list. */
  list(
    resource: KubeResource,
    namespace: string | undefined,
    options: { readonly labelSelector?: string; readonly signal: AbortSignal },
  ): AsyncIterable<readonly unknown[]>;
  /**
   * Asks for the log of a container as a stream, whatever the answer's status. Only this call does not throw for what the API server says:
   * the kubelet behind it speaks through it. How long the body may be silent is for its reader to decide.
   *
   * @throws what the connection throws; the reason of `signal` when it is aborted.
   */
  openPodLog(
    pod: { readonly namespace: string; readonly name: string; readonly container: string; readonly previous: boolean },
    signal: AbortSignal,
  ): Promise<KubeLogAnswer>;
  /**
   * Creates a cluster-wide object, such as a review, and returns what the server made of it. No caller who leaves ends it: others may wait for the same
   * answer.
   */
  create(resource: KubeResource, body: object): Promise<unknown>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** How long and how large an answer may be. */
export interface KubeLimits {
  /** For an answer to begin, and then for each next piece of it, in milliseconds. Default 30,000. */
  readonly answerMs?: number;
  /** The largest answer that is read. Default 256 MiB: objects are at most about 3 MB in etcd, and a chunk of a list holds 250, mostly small. */
  readonly answerBytes?: number;
  /** How to wait between tries, so that tests need not. */
  readonly wait?: Wait;
}

type Call = [method: "GET" | "POST", path: string, signal: AbortSignal | undefined, body?: object];

type Try =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "again"; readonly failure: Failure; readonly askedMs: number | undefined }
  | { readonly kind: "final"; readonly failure: Failure };

const CHUNK = 250;
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
const ANSWER_BYTES = 256 * 1024 * 1024;

const List = z.object({
  items: z.array(z.unknown()).nullable(),
  metadata: z.object({ continue: z.string().optional() }).optional(),
});

/**
 * Talks to the API server over connections that are kept.
 *
 * @param connection where it is, and with which credentials. They are asked for on each call, so rotated ones are used at once.
 * @param egress the way there. Default: one without exceptions.
 */
export function createKubeApi(
  connection: KubeConnection,
  limits: KubeLimits = {},
  egress: Egress = createEgress(),
): KubeApi {
  const { answerMs = ANSWER_MS, answerBytes = ANSWER_BYTES, wait = waitReally } = limits;
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

  const send = async (
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal | undefined,
    { body, ...options }: { readonly body?: object; readonly bodyTimeout?: number } = {},
  ): Promise<Dispatcher.ResponseData> => {
    const { headers, tls } = await connection.credentials();
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
  };

  /** One try: what it gave, or why it gave nothing and whether that may change. */
  const tryOnce = async (...[method, path, signal, body]: Call): Promise<Try> => {
    try {
      const { statusCode, headers, body: answer } = await send(method, path, signal, { ...(body && { body }) });
      const text = await readText(answer, answerBytes);
      if (statusCode === 404) return { kind: "answer", value: undefined };
      if (statusCode < 300) return { kind: "answer", value: parseJson(text) };
      const failure = statusFailure(statusCode, text);
      return isTransient(statusCode)
        ? { kind: "again", failure, askedMs: retryAfter(headers) }
        : { kind: "final", failure };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof Failure) return { kind: "final", failure: cause };
      const failure = unavailable("The Kubernetes API server could not be reached.", cause);
      return isSilence(cause) ? { kind: "final", failure } : { kind: "again", failure, askedMs: undefined };
    }
  };

  /** Reads and reviews change nothing, so each may be tried again. */
  const call = async (...request: Call): Promise<unknown> => {
    const [, , signal] = request;
    const began = performance.now();
    for (let tries = 1; ; tries += 1) {
      const result = await tryOnce(...request);
      if (result.kind === "answer") return result.value;
      if (result.kind === "final") throw result.failure;
      const delay = retryDelay(tries, performance.now() - began, result.askedMs, Math.random());
      if (delay === undefined) throw result.failure;
      await wait(delay, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
    }
  };

  return {
    // Names come from labels and annotations too, where any text may stand: what cannot be a name names nothing.
    get: async (resource, namespace, name, signal) =>
      isPlace(namespace) && isObjectName(name)
        ? call("GET", `${pathOf(resource, namespace)}/${name}`, signal)
        : undefined,

    async *list(resource, namespace, { labelSelector, signal }) {
      if (!isPlace(namespace)) return;
      let next: string | undefined;
      do {
        const query = new URLSearchParams({
          limit: String(CHUNK),
          ...(labelSelector !== undefined && { labelSelector }),
          ...(next !== undefined && { continue: next }),
        });
        const answer = await call("GET", `${pathOf(resource, namespace)}?${query}`, signal);
        if (answer === undefined) return;
        const list = readAnswer(List, answer);
        yield list.items ?? [];
        next = list.metadata?.continue || undefined;
      } while (next !== undefined);
    },

    async openPodLog({ namespace, name, container, previous }, signal) {
      const query = new URLSearchParams({ container, ...(previous && { previous: "true" }) });
      const path = `${pathOf(PODS, namespace)}/${encodeURIComponent(name)}/log?${query}`;
      const { statusCode, body } = await send("GET", path, signal, { bodyTimeout: 0 });
      return { status: statusCode, body };
    },

    create: async (resource, body) => {
      const made = await call("POST", pathOf(resource, undefined), undefined, body);
      if (made === undefined) throw unavailable(`The Kubernetes API server does not know ${resource.plural}.`);
      return made;
    },

    close: async () => agent?.dispatcher.close(),
  };
}

function revealKey({ key, ...rest }: KubeTls): Omit<KubeTls, "key"> & { readonly key?: string | Buffer } {
  if (key === undefined) return rest;
  return { ...rest, key: Buffer.isBuffer(key) ? key : revealText(key) };
}

function isPlace(namespace: string | undefined): boolean {
  return namespace === undefined || isNamespaceName(namespace);
}

function pathOf({ group, version, plural }: KubeResource, namespace: string | undefined): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
}

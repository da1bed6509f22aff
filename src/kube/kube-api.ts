import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { z } from "zod";
import { Failure } from "../failure.ts";
import type { KubeConnection, KubeTls } from "./connection.ts";
import { isObjectName } from "./names.ts";

/** A kind of object, as the API server's paths name it. */
export interface KubeResource {
  /** API group; empty for the core. */
  readonly group: string;
  readonly version: string;
  /** Plural, in lower case. */
  readonly plural: string;
}

/** The one way to the API server. Every failure is a {@link Failure}; nothing is kept between calls. */
export interface KubeApi {
  /** Reads one object, or `undefined` where there is none. `namespace` is left out for cluster-wide kinds. */
  get(resource: KubeResource, namespace: string | undefined, name: string, signal: AbortSignal): Promise<unknown>;
  /** Reads a list in chunks of at most 250 objects, in the server's order, as they are asked for. A kind that the server does not know is an empty list. */
  list(
    resource: KubeResource,
    namespace: string | undefined,
    options: { readonly labelSelector?: string; readonly signal: AbortSignal },
  ): AsyncIterable<readonly unknown[]>;
  /** Creates a cluster-wide object, such as a review, and returns what the server made of it. */
  create(resource: KubeResource, body: object, signal: AbortSignal): Promise<unknown>;
  /** Closes all connections. */
  close(): Promise<void>;
}

const CHUNK = 250;
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
/** The largest answer that is read: objects are at most about 3 MB in etcd, and a chunk of a list holds 250, mostly small. */
const ANSWER_BYTES = 256 * 1024 * 1024;

const List = z.object({
  items: z.array(z.unknown()).nullable(),
  metadata: z.object({ continue: z.string().optional() }).optional(),
});

/**
 * Talks to the API server over connections that are kept.
 *
 * @param connection where it is, and with which credentials. They are asked for on each call, so rotated ones are used at once.
 */
export function createKubeApi(connection: KubeConnection): KubeApi {
  let agent: { readonly tls: string; readonly dispatcher: Dispatcher } | undefined;

  /** A dispatcher for these TLS settings; a new one when a certificate was rotated. */
  const dispatcherFor = (tls: KubeTls): Dispatcher => {
    const key = JSON.stringify(tls);
    if (agent?.tls !== key) {
      agent?.dispatcher.close().catch(() => undefined);
      const limits = { headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS };
      const dispatcher =
        connection.proxyUrl === undefined
          ? new Agent({ ...limits, connect: { ...tls, timeout: CONNECT_MS } })
          : new ProxyAgent({ ...limits, uri: connection.proxyUrl, requestTls: { ...tls, timeout: CONNECT_MS } });
      agent = { tls: key, dispatcher };
    }
    return agent.dispatcher;
  };

  const call = async (method: "GET" | "POST", path: string, signal: AbortSignal, body?: object): Promise<unknown> => {
    try {
      const { headers, tls } = await connection.credentials();
      const { origin, pathname } = new URL(connection.server);
      const answer = await dispatcherFor(tls).request({
        origin,
        path: `${pathname === "/" ? "" : pathname}${path}`,
        method,
        signal,
        headers: { ...headers, accept: "application/json", ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await readText(answer.body);
      if (answer.statusCode === 404) return undefined;
      if (answer.statusCode >= 300) throw failureOf(answer.statusCode, text);
      return JSON.parse(text) as unknown;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof Failure) throw cause;
      throw unavailable("The Kubernetes API server could not be reached.", cause);
    }
  };

  return {
    // Names come from labels and annotations too, where any text may stand: what cannot be a name names nothing.
    get: async (resource, namespace, name, signal) =>
      isObjectName(name) ? call("GET", `${pathOf(resource, namespace)}/${name}`, signal) : undefined,

    async *list(resource, namespace, { labelSelector, signal }) {
      let next: string | undefined;
      do {
        const query = new URLSearchParams({
          limit: String(CHUNK),
          ...(labelSelector !== undefined && { labelSelector }),
          ...(next !== undefined && { continue: next }),
        });
        const answer = await call("GET", `${pathOf(resource, namespace)}?${query}`, signal);
        if (answer === undefined) return;
        const list = List.parse(answer);
        yield list.items ?? [];
        next = list.metadata?.continue || undefined;
      } while (next !== undefined);
    },

    create: async (resource, body, signal) => {
      const made = await call("POST", pathOf(resource, undefined), signal, body);
      if (made === undefined) throw unavailable(`The Kubernetes API server does not know ${resource.plural}.`);
      return made;
    },

    close: async () => agent?.dispatcher.close(),
  };
}

function pathOf({ group, version, plural }: KubeResource, namespace: string | undefined): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
}

async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > ANSWER_BYTES) throw unavailable("The Kubernetes API server's answer is too large.");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function failureOf(status: number, body: string): Failure {
  const cause = new Error(`The API server answered ${status}: ${body.slice(0, 1000)}`);
  if (status === 401 || status === 403) {
    return new Failure(
      "refused",
      "KUBERNETES_REFUSED",
      "The Kubernetes API server refused this server's own account.",
      {
        next: "Tell an operator: the gateway's ServiceAccount lacks a right, or its token is no longer valid.",
        cause,
      },
    );
  }
  return unavailable(`The Kubernetes API server answered with status ${status}.`, cause);
}

function unavailable(message: string, cause?: unknown): Failure {
  return new Failure("unavailable", "KUBERNETES_UNAVAILABLE", message, { next: "Try again in a moment.", cause });
}

import { once } from "node:events";
import type { Readable } from "node:stream";
import { createEgress, type Egress } from "../egress/egress.ts";
import { Failure } from "../failure.ts";
import { type Sleep, sleep as sleepByTimer } from "../sleep.ts";
import { parseJson, statusFailure, unavailable, unreachable } from "./answer.ts";
import { CallSlots } from "./call-slots.ts";
import { ChunkSizes } from "./chunk-sizes.ts";
import type { KubeConnection } from "./connection.ts";
import { isNamespaceName, isObjectName } from "./names.ts";
import { newestOf } from "./newest.ts";
import { type PodLogOptions, type PodLogRef, podLogPath } from "./pod-log-path.ts";
import { type ReadPath, readList } from "./read-list.ts";
import { LARGE_LENGTH, type ReduceLarge } from "./reduced.ts";
import { type KubeResource, PODS, TOKEN_REVIEWS } from "./resources.ts";
import { isSilence, isTransient, retryAfter, retryDelay } from "./retry.ts";
import { createTransport } from "./transport.ts";
import { followObjects, type WatchSelection } from "./watch.ts";

/** The response to a request for a log. */
export interface KubeLogAnswer {
  readonly status: number;
  /** The log if the status is 200, otherwise a short text that says why there is none. */
  readonly body: Readable;
}

/**
 * The only client of the API server. Every failure is a {@link Failure}; nothing is cached. A call that fails with a
 * transient error (no connection, 429, 5xx) is retried: at most four tries in ten seconds. A review that fails grants
 * nothing. At most 64 calls are under way at once, watches and logs not counted, and of these 8 chunks of lists; beside
 * them at most 64 reviews of tokens. More wait, up to 1,000, and fail beyond with SERVER_BUSY.
 */
export interface KubeApi {
  /** Whose credentials it uses: see {@link KubeConnection}. Default: this server's own. */
  readonly owner?: KubeConnection["owner"];
  /**
   * Reads one object; `undefined` if it does not exist. `namespace` is `undefined` for cluster-wide kinds.
   *
   * @param reduce parses a large response in another thread. Default: it is parsed here.
   */
  get(
    resource: KubeResource,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
    reduce?: ReduceLarge,
  ): Promise<unknown>;
  /**
   * Reads a list in chunks of about 2 MiB and at most 250 objects, in the server's order, each when it is requested. A
   * kind that the server does not serve is an empty list.
   *
   * @param options.name lists at most the object of this name: for kinds that may be listed, and not got.
   * @param options.reduce parses large chunks in another thread. Default: they are parsed here.
   */
  list(
    resource: KubeResource,
    namespace: string | undefined,
    options: {
      readonly labelSelector?: string;
      readonly name?: string;
      readonly signal: AbortSignal;
      readonly reduce?: ReduceLarge;
    },
  ): AsyncIterable<readonly unknown[]>;
  /**
   * Yields the whole set of objects, first as it is now and then after each change. While the reader is busy, only the
   * newest set is kept. Objects of the core group may lack `apiVersion` and `kind`.
   *
   * It never ends by itself. When the server ends or breaks the watch, or is silent, the watch is resumed, or restarted
   * if the server no longer has the version; everything that changed in between is one change. Leaving the loop closes
   * the request.
   *
   * @param selection an invalid name selects nothing.
   * @param keep what to keep and yield of each object. Default: all of it.
   * @param reduce parses large chunks of the list and large events in another thread. Default: they are parsed here.
   * @throws Failure KUBERNETES_UNAVAILABLE if the server has not responded for four tries or ten seconds, sends what
   * cannot be parsed, or does not serve the kind; KUBERNETES_REFUSED; LIMIT_REACHED for more than 10,000 objects; the
   * reason of `signal` when it is aborted.
   */
  watch(
    resource: KubeResource,
    namespace: string | undefined,
    selection: WatchSelection,
    signal: AbortSignal,
  ): AsyncIterable<readonly unknown[]>;
  watch<T>(
    resource: KubeResource,
    namespace: string | undefined,
    selection: WatchSelection,
    signal: AbortSignal,
    keep: (object: unknown) => T,
    reduce?: ReduceLarge,
  ): AsyncIterable<readonly T[]>;
  /**
   * Opens the log of a container as a stream. Unlike the other calls, it does not throw for an unsuccessful status,
   * which may be the kubelet's. The body has no idle timeout: that is up to its reader.
   *
   * @throws what the connection throws; the reason of `signal` when it is aborted.
   */
  openPodLog(pod: PodLogRef, options: PodLogOptions, signal: AbortSignal): Promise<KubeLogAnswer>;
  /**
   * Creates a cluster-wide object, such as a review, and returns the server's response. It cannot be aborted, because
   * several callers may wait for the same response.
   */
  create(resource: KubeResource, body: object): Promise<unknown>;
  /** Closes all connections when pending calls have ended. Leave watches first. */
  close(): Promise<void>;
}

/** Limits on responses. */
export interface KubeLimits {
  /** Timeout for the start of a response and for each further piece, in milliseconds. Default 30,000. */
  readonly answerMs?: number;
  /** Timeout for a whole response from its start on, in milliseconds. Default 60,000. */
  readonly wholeMs?: number;
  /**
   * The maximum size of a response. Default 32 MiB: objects are at most about 3 MB in etcd, and chunks of lists adapt.
   */
  readonly answerBytes?: number;
  /** The maximum size of a chunk of several objects. Default 4 MiB: it is parsed at once. */
  readonly chunkBytes?: number;
  /**
   * How long a watch lasts before it is resumed, give or take a tenth, in milliseconds. Default: 5 minutes.
   */
  readonly watchMs?: number;
  /** How much longer a watch may be silent before it is resumed, in milliseconds. Default: 15,000. */
  readonly watchGraceMs?: number;
  /** Between tries. Default: by timers. Tests pass their own. */
  readonly sleep?: Sleep;
  /** A monotonic clock, in milliseconds. Default: that of the process. */
  readonly now?: () => number;
}

type Call = [
  method: "GET" | "POST",
  path: string,
  signal: AbortSignal | undefined,
  body?: object | undefined,
  maxBytes?: number,
  reduce?: ReduceLarge | undefined,
];

type Try =
  | { readonly kind: "answer"; readonly text: string | undefined }
  | { readonly kind: "again"; readonly failure: Failure; readonly askedMs: number | undefined }
  | { readonly kind: "renew"; readonly failure: Failure }
  | { readonly kind: "final"; readonly failure: Failure };

const ANSWER_MS = 30_000;
const WHOLE_MS = 60_000;
const ANSWER_BYTES = 32 * 1024 * 1024;
/** Calls under way at once, and how many may wait. */
const MAX_CALLS = 64;
/** Chunks of lists under way at once: each is held whole in memory. */
const MAX_CHUNKS = 8;
/** Parsing more at once would hold up all others. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const MAX_WAITING = 1_000;
const WATCH_MS = 5 * 60_000;
const WATCH_GRACE_MS = 15_000;

/**
 * Creates a client of the API server that reuses connections.
 *
 * @param connection its credentials are requested for each call, so that rotated ones are used immediately.
 * @param egress Default: one without exceptions.
 */
export function createKubeApi(
  connection: KubeConnection,
  limits: KubeLimits = {},
  egress: Egress = createEgress(),
): KubeApi {
  const {
    answerMs = ANSWER_MS,
    wholeMs = WHOLE_MS,
    answerBytes = ANSWER_BYTES,
    chunkBytes = Math.min(CHUNK_BYTES, answerBytes),
    sleep = sleepByTimer,
    now = () => performance.now(),
  } = limits;
  const { owner } = connection;
  const { watchMs = WATCH_MS, watchGraceMs: graceMs = WATCH_GRACE_MS } = limits;
  const { exchange, open, close } = createTransport(connection, egress, answerMs);
  const slots = new CallSlots(MAX_CALLS, MAX_WAITING);
  // Anybody can have a token reviewed: that must not keep those who are known already from being served.
  const tokenSlots = new CallSlots(MAX_CALLS, MAX_WAITING);
  const chunkSlots = new CallSlots(MAX_CHUNKS, MAX_WAITING);
  const chunkSizes = new ChunkSizes(chunkBytes / 2);

  /** One try: the response, or the failure and whether to retry. */
  const tryOnce = async (...[method, path, signal, body, maxBytes = answerBytes]: Call): Promise<Try> => {
    const whole = { bytes: maxBytes, ms: wholeMs };
    try {
      const { statusCode, headers, text } = await (path === TOKEN_REVIEWS_PATH ? tokenSlots : slots).run(signal, () =>
        exchange(method, path, signal, whole, body),
      );
      if (statusCode === 404) return { kind: "answer", text: undefined };
      if (statusCode < 300) return { kind: "answer", text };
      const failure = statusFailure(statusCode, text, owner);
      if (statusCode === 401 && connection.renew !== undefined) return { kind: "renew", failure };
      return isTransient(statusCode)
        ? { kind: "again", failure, askedMs: retryAfter(headers) }
        : { kind: "final", failure };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof Failure) return { kind: "final", failure: cause };
      const failure = unreachable(cause, owner);
      return isSilence(cause) || failure.kind === "refused"
        ? { kind: "final", failure }
        : { kind: "again", failure, askedMs: undefined };
    }
  };

  /** Reads and reviews have no side effects, so each may be retried. */
  const callSized = async (...request: Call): ReturnType<ReadPath> => {
    const [, , signal, , , reduce] = request;
    const began = now();
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      const result = await tryOnce(...request);
      if (result.kind === "answer") {
        const { text } = result;
        if (text === undefined) return { value: undefined, bytes: 0 };
        const isReduced = reduce !== undefined && signal !== undefined && text.length >= LARGE_LENGTH;
        return { value: isReduced ? await reduce(text, signal) : parseJson(text), bytes: text.length };
      }
      if (result.kind === "renew" && !renewed) {
        renewed = true;
        connection.renew?.();
        continue;
      }
      if (result.kind !== "again") throw result.failure;
      const delay = retryDelay(tries, now() - began, result.askedMs, Math.random());
      if (delay === undefined) throw result.failure;
      await sleep(delay, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
    }
  };

  const call = async (...request: Call): Promise<unknown> => (await callSized(...request)).value;

  const chunksOf = (path: string, query: Readonly<Record<string, string>>, signal: AbortSignal, reduce?: ReduceLarge) =>
    readList(
      (each, isOne) =>
        chunkSlots.run(signal, () =>
          callSized("GET", each, signal, undefined, isOne ? answerBytes : chunkBytes, reduce),
        ),
      path,
      query,
      chunkSizes,
    );

  return {
    owner,
    // Names also come from labels and annotations, which may contain any text: nothing has an invalid name.
    get: async (resource, namespace, name, signal, reduce) =>
      isPlace(namespace) && isObjectName(name)
        ? call("GET", `${pathOf(resource, namespace)}/${name}`, signal, undefined, answerBytes, reduce)
        : undefined,

    async *list(resource, namespace, { labelSelector, name, signal, reduce }) {
      if (!isPlace(namespace) || (name !== undefined && !isObjectName(name))) return;
      const query = {
        ...(labelSelector !== undefined && { labelSelector }),
        ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
      };
      for await (const { items } of chunksOf(pathOf(resource, namespace), query, signal, reduce)) yield items;
    },

    watch: <T>(
      resource: KubeResource,
      namespace: string | undefined,
      selection: WatchSelection,
      signal: AbortSignal,
      keep: (object: unknown) => T = (object) => object as T,
      reduce?: ReduceLarge,
    ) =>
      newestOf<readonly T[]>(async (put, stop) => {
        if (!isPlace(namespace) || ("name" in selection && !isObjectName(selection.name))) {
          put([]);
          await once(stop, "abort");
          return;
        }
        const calls = { list: chunksOf, open, sleep };
        const limitsOfWatch = { watchMs, graceMs, answerBytes, now, owner };
        await followObjects(pathOf(resource, namespace), selection, keep, calls, limitsOfWatch, put, stop, reduce);
      }, signal),

    async openPodLog(pod, options, signal) {
      const path = podLogPath(pathOf(PODS, pod.namespace), pod, options);
      const { statusCode, body } = await open(path, signal);
      return { status: statusCode, body };
    },

    create: async (resource, body) => {
      const made = await call("POST", pathOf(resource, undefined), undefined, body);
      if (made === undefined) throw unavailable(`The Kubernetes API server does not serve ${resource.plural}.`);
      return made;
    },

    close,
  };
}

const TOKEN_REVIEWS_PATH = pathOf(TOKEN_REVIEWS, undefined);

function isPlace(namespace: string | undefined): boolean {
  return namespace === undefined || isNamespaceName(namespace);
}

function pathOf({ group, version, plural }: KubeResource, namespace: string | undefined): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
}

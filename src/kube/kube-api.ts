import { once } from "node:events";
import type { Readable } from "node:stream";
import { createEgress, type Egress } from "../egress/egress.ts";
import { Failure } from "../failure.ts";
import { type Sleep, sleep as sleepByTimer } from "../sleep.ts";
import { parseJson, statusFailure, unavailable } from "./answer.ts";
import type { KubeConnection } from "./connection.ts";
import { isNamespaceName, isObjectName } from "./names.ts";
import { newestOf } from "./newest.ts";
import { type PodLogOptions, type PodLogRef, podLogPath } from "./pod-log-path.ts";
import { readList } from "./read-list.ts";
import { type KubeResource, PODS } from "./resources.ts";
import { isSilence, isTransient, retryAfter, retryDelay } from "./retry.ts";
import { createTransport } from "./transport.ts";
import { followObjects, type WatchSelection } from "./watch.ts";

/** A log that the API server has begun to answer with, or why it has not. */
export interface KubeLogAnswer {
  readonly status: number;
  /** The log where the status is 200, else a short text about why there is none. */
  readonly body: Readable;
}

/**
 * The one way to the API server. Every failure is a {@link Failure}; nothing is kept between calls. A call that fails
 * in a way that may change (no connection, 429, 5xx) is tried again, four times in ten seconds at the most; access is
 * never taken for granted meanwhile.
 */
export interface KubeApi {
  /** Reads one object, or `undefined` where there is none. `namespace` is left out for cluster-wide kinds. */
  get(resource: KubeResource, namespace: string | undefined, name: string, signal: AbortSignal): Promise<unknown>;
  /**
   * Reads a list in chunks of at most 250 objects, in the server's order, as they are asked for. A kind that the server
   * does not know is an empty list.
   */
  list(
    resource: KubeResource,
    namespace: string | undefined,
    options: { readonly labelSelector?: string; readonly signal: AbortSignal },
  ): AsyncIterable<readonly unknown[]>;
  /**
   * Gives the objects as they are now, all at once, and the whole of them again whenever something of them has changed.
   * While the reader is busy only the newest set is kept. Objects of the core may lack their `apiVersion` and `kind`.
   *
   * It never ends by itself. A watch that the server ends, breaks off or no longer answers is gone on with, or begun
   * anew where the server has forgotten where it was; what changed meanwhile is seen as one change. Leaving closes the
   * request at once.
   *
   * @param selection a name that Kubernetes would not take is that of nothing, for ever.
   * @param keep what to keep of each object, which is what is given. Default: all of it.
   * @throws Failure KUBERNETES_UNAVAILABLE where the server was last heard four tries or ten seconds ago, sends what
   * cannot be parsed, or does not know the kind; KUBERNETES_REFUSED; LIMIT_REACHED where there are more than 10,000
   * objects; the reason of `signal` when it is aborted.
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
  ): AsyncIterable<readonly T[]>;
  /**
   * Asks for the log of a container as a stream, whatever the answer's status. Only this call does not throw for what
   * the API server says: the kubelet behind it speaks through it. How long the body may be silent is for its reader to
   * decide.
   *
   * @throws what the connection throws; the reason of `signal` when it is aborted.
   */
  openPodLog(pod: PodLogRef, options: PodLogOptions, signal: AbortSignal): Promise<KubeLogAnswer>;
  /**
   * Creates a cluster-wide object, such as a review, and returns what the server made of it. No caller who leaves ends
   * it: others may wait for the same answer.
   */
  create(resource: KubeResource, body: object): Promise<unknown>;
  /** Closes all connections, once what is under way has ended. Watches have to be left before. */
  close(): Promise<void>;
}

/** How long and how large an answer may be. */
export interface KubeLimits {
  /** For an answer to begin, and then for each next piece of it, in milliseconds. Default 30,000. */
  readonly answerMs?: number;
  /** For an answer to be whole once it has begun, in milliseconds. Default 60,000. */
  readonly wholeMs?: number;
  /**
   * The largest answer that is read. Default 256 MiB: objects are at most about 3 MB in etcd, and a chunk of a list
   * holds 250, mostly small.
   */
  readonly answerBytes?: number;
  /**
   * For how long a watch is asked for, but for a tenth more or less, in milliseconds: then it is gone on with. Default:
   * 5 minutes.
   */
  readonly watchMs?: number;
  /** How much longer a watch may be silent before it is begun anew, in milliseconds. Default: 15,000. */
  readonly watchGraceMs?: number;
  /** Between tries. Default: by timers. Tests pass their own. */
  readonly sleep?: Sleep;
  /** Tells how much time has passed, in milliseconds. Default: the process's own clock. */
  readonly now?: () => number;
}

type Call = [method: "GET" | "POST", path: string, signal: AbortSignal | undefined, body?: object];

type Try =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "again"; readonly failure: Failure; readonly askedMs: number | undefined }
  | { readonly kind: "final"; readonly failure: Failure };

const ANSWER_MS = 30_000;
const WHOLE_MS = 60_000;
const ANSWER_BYTES = 256 * 1024 * 1024;
const WATCH_MS = 5 * 60_000;
const WATCH_GRACE_MS = 15_000;

/**
 * Talks to the API server over connections that are kept.
 *
 * @param connection where it is, and with which credentials. They are asked for on each call, so rotated ones are used
 * at once.
 * @param egress the way there. Default: one without exceptions.
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
    sleep = sleepByTimer,
    now = () => performance.now(),
  } = limits;
  const { watchMs = WATCH_MS, watchGraceMs: graceMs = WATCH_GRACE_MS } = limits;
  const { exchange, open, close } = createTransport(connection, egress, answerMs);
  const whole = { bytes: answerBytes, ms: wholeMs };

  /** One try: what it gave, or why it gave nothing and whether that may change. */
  const tryOnce = async (...[method, path, signal, body]: Call): Promise<Try> => {
    try {
      const { statusCode, headers, text } = await exchange(method, path, signal, whole, body);
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
    const began = now();
    for (let tries = 1; ; tries += 1) {
      const result = await tryOnce(...request);
      if (result.kind === "answer") return result.value;
      if (result.kind === "final") throw result.failure;
      const delay = retryDelay(tries, now() - began, result.askedMs, Math.random());
      if (delay === undefined) throw result.failure;
      await sleep(delay, signal).catch((error: unknown) => {
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
      const get = (path: string): Promise<unknown> => call("GET", path, signal);
      const query = labelSelector === undefined ? {} : { labelSelector };
      for await (const { items } of readList(get, pathOf(resource, namespace), query)) yield items;
    },

    watch: <T>(
      resource: KubeResource,
      namespace: string | undefined,
      selection: WatchSelection,
      signal: AbortSignal,
      keep: (object: unknown) => T = (object) => object as T,
    ) =>
      newestOf<readonly T[]>(async (put, stop) => {
        if (!isPlace(namespace) || ("name" in selection && !isObjectName(selection.name))) {
          put([]);
          await once(stop, "abort");
          return;
        }
        const calls = { get: (path: string) => call("GET", path, stop), open, sleep };
        const limitsOfWatch = { watchMs, graceMs, answerBytes, now };
        await followObjects(pathOf(resource, namespace), selection, keep, calls, limitsOfWatch, put, stop);
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

function isPlace(namespace: string | undefined): boolean {
  return namespace === undefined || isNamespaceName(namespace);
}

function pathOf({ group, version, plural }: KubeResource, namespace: string | undefined): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
}

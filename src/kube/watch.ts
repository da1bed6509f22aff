import { Failure } from "../failure.ts";
import type { Sleep } from "../sleep.ts";
import { isExpired } from "./answer.ts";
import type { ListChunk } from "./read-list.ts";
import type { ReduceLarge } from "./reduced.ts";
import { retryDelay } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { type WatchConnectionLimits, type WatchEnd, watchOnce } from "./watch-connection.ts";
import { createWatchedSet } from "./watched-set.ts";

/** Selects objects of a kind: by name, or by labels. An empty selector selects all. */
export type WatchSelection = { readonly name: string } | { readonly labelSelector: string };

/** The calls that a watch makes. */
export interface WatchCalls {
  /** Reads a list, with retries as in `KubeApi.get`. */
  list(
    path: string,
    query: Readonly<Record<string, string>>,
    stop: AbortSignal,
    reduce?: ReduceLarge,
  ): AsyncIterable<ListChunk>;
  readonly open: Transport["open"];
  readonly sleep: Sleep;
}

/**
 * Keeps a set of objects up to date with the API server, by a list and a watch of the changes since
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
 *
 * @param path of the list.
 * @param keep what to keep of each object.
 * @param put receives the set, first as it is now and then after each change.
 * @param stop ends it: otherwise, only a failure does.
 * @param reduce parses large chunks and events in another thread. Default: they are parsed here.
 * @throws Failure KUBERNETES_UNAVAILABLE if the server has not responded for four tries or ten seconds, or sends what
 * cannot be parsed; KUBERNETES_REFUSED; LIMIT_REACHED for more than 10,000 objects.
 */
export async function followObjects<T>(
  path: string,
  selection: WatchSelection,
  keep: (object: unknown) => T,
  { list: read, open, sleep }: WatchCalls,
  limits: WatchConnectionLimits,
  put: (objects: readonly T[]) => void,
  stop: AbortSignal,
  reduce?: ReduceLarge,
): Promise<never> {
  const query: Readonly<Record<string, string>> =
    "name" in selection
      ? { fieldSelector: `metadata.name=${selection.name}` }
      : { labelSelector: selection.labelSelector };
  const objects = createWatchedSet(keep);
  let version: string | undefined;
  let hasBegun = false;
  let tries = 0;
  let heardAt = limits.now();

  const list = async (): Promise<WatchEnd | undefined> => {
    try {
      const listed = await objects.replace(read(path, query, stop, reduce));
      version = listed.version;
      if (listed.changed || !hasBegun) put(objects.all());
      hasBegun = true;
      heardAt = limits.now();
      // A list alone is no progress: the server may always serve lists, but never a watch.
      if (listed.changed) tries = 0;
      return undefined;
    } catch (error) {
      stop.throwIfAborted();
      // The server forgot this list before all of its chunks were read.
      if (error instanceof Failure && isExpired(error)) return { kind: "expired", failure: error, heard: false };
      throw error;
    }
  };

  const watch = (from: string): Promise<WatchEnd> =>
    watchOnce(
      `${path}?${new URLSearchParams({ ...query, resourceVersion: from })}`,
      open,
      limits,
      (change) => {
        version = change.object.metadata.resourceVersion;
        if (change.type !== "BOOKMARK" && objects.apply(change)) put(objects.all());
      },
      stop,
      reduce,
    );

  for (;;) {
    const end = version === undefined ? await list() : await watch(version);
    if (end === undefined) continue;
    if (end.heard) {
      tries = 0;
      heardAt = limits.now();
    }
    if (end.kind === "expired") version = undefined;
    if (end.kind === "ended" && end.heard) continue;
    tries += 1;
    const delay = retryDelay(tries, limits.now() - heardAt, end.askedMs, Math.random());
    if (delay === undefined) throw end.failure;
    await sleep(delay, stop);
  }
}

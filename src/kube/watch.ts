import { Failure } from "../failure.ts";
import type { Sleep } from "../sleep.ts";
import { isExpired } from "./answer.ts";
import { readList } from "./read-list.ts";
import { retryDelay } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { type WatchConnectionLimits, type WatchEnd, watchOnce } from "./watch-connection.ts";
import { createWatchedSet } from "./watched-set.ts";

/** Which objects of a kind: the one of this name, or those with these labels; with an empty selector all of them. */
export type WatchSelection = { readonly name: string } | { readonly labelSelector: string };

/** What a watch does its work with. */
export interface WatchCalls {
  /** Reads one path, again and again if need be, as `KubeApi.get` does. */
  get(path: string, stop: AbortSignal): Promise<unknown>;
  readonly open: Transport["open"];
  readonly sleep: Sleep;
}

/**
 * Keeps a set of objects as the API server has it, by a list and by watching what changes from there on
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
 *
 * @param path of the list.
 * @param keep what to keep of each object.
 * @param put takes the set as it is now, at first and after each change.
 * @param stop ends it: there is no other end but a failure.
 * @throws Failure KUBERNETES_UNAVAILABLE where the server was not heard in four tries or ten seconds, or sends what cannot
 * be parsed; KUBERNETES_REFUSED; LIMIT_REACHED where there are more than 10,000 objects.
 */
export async function followObjects<T>(
  path: string,
  selection: WatchSelection,
  keep: (object: unknown) => T,
  { get, open, sleep }: WatchCalls,
  limits: WatchConnectionLimits,
  put: (objects: readonly T[]) => void,
  stop: AbortSignal,
): Promise<never> {
  const query =
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
      const listed = await objects.replace(readList((each) => get(each, stop), path, query));
      version = listed.version;
      if (listed.changed || !hasBegun) put(objects.all());
      hasBegun = true;
      heardAt = limits.now();
      // A list alone is no progress: a server may give one each time, and never a watch.
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

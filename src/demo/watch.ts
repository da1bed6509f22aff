import type { ObjectStore } from "./object-store.ts";
import type { KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceKind } from "./resource-kinds.ts";
import type { Selection } from "./selection.ts";
import { badRequest, StatusError } from "./status.ts";

/** The parameters of a watch. */
export interface WatchRequest {
  /** The version to start after; `undefined`: all objects first, as if they had just been added. */
  readonly from: number | undefined;
  readonly bookmarks: boolean;
  /** When it ends. */
  readonly timeoutMs: number;
}

/** Node's longest timer. */
const MAX_TIMER_MS = 2_147_483_647;

/** Whether the query of a list asks for a watch. */
export function isWatch(query: URLSearchParams): boolean {
  return isTrue(query.get("watch"));
}

/** @throws StatusError 400 if a parameter is invalid. */
export function watchRequestOf(query: URLSearchParams): WatchRequest {
  const version = query.get("resourceVersion") ?? "";
  if (!/^\d*$/.test(version)) throw badRequest(`Invalid value: "${version}": resourceVersion`);
  const seconds = Number(query.get("timeoutSeconds") || Number.POSITIVE_INFINITY);
  if (!(seconds > 0)) throw badRequest(`invalid timeoutSeconds: "${query.get("timeoutSeconds")}"`);
  return {
    from: Number(version) === 0 ? undefined : Number(version),
    bookmarks: isTrue(query.get("allowWatchBookmarks")),
    timeoutMs: Math.min(seconds * 1000, MAX_TIMER_MS),
  };
}

/**
 * Sends the changes of some objects, one line of JSON per event, like a real API server. A version that the store no
 * longer has is reported in an event too.
 *
 * @param bookmarkMs the interval of bookmarks, if they are requested.
 * @param signal ends the watch.
 */
export async function* watchLines(
  store: ObjectStore,
  resource: ResourceKind,
  selection: Selection,
  { from, bookmarks, timeoutMs }: WatchRequest,
  bookmarkMs: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const began = performance.now();
  let at = from ?? store.version;
  if (from === undefined) {
    for (const object of store.all().filter(selection)) yield line("ADDED", object);
  }
  const bookmark = (): string => {
    const metadata = { resourceVersion: String(at), creationTimestamp: null };
    return line("BOOKMARK", { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata });
  };

  let toldAt = began;
  while (!signal.aborted) {
    const changes = store.since(at);
    if (changes === undefined) {
      const message = `too old resource version: ${at} (${store.version})`;
      yield line("ERROR", new StatusError(410, "Expired", message).toBody());
      return;
    }
    at = Math.max(at, store.version);
    for (const { before, after, version } of changes) {
      const was = before !== undefined && selection(before);
      const is = after !== undefined && selection(after);
      if (is) yield line(was ? "MODIFIED" : "ADDED", after);
      // An object that is no longer selected is sent in its last state.
      else if (was) yield line("DELETED", withVersion(before, version));
    }
    const now = performance.now();
    if (now - began >= timeoutMs) {
      if (bookmarks) yield bookmark();
      return;
    }
    if (bookmarks && now - toldAt >= bookmarkMs) {
      toldAt = now;
      yield bookmark();
    }
    await store.untilChange(Math.min(began + timeoutMs - now, bookmarks ? bookmarkMs : MAX_TIMER_MS), signal);
  }
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function withVersion(object: KubeObject, version: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

function isTrue(text: string | null): boolean {
  return /^(1|true)$/i.test(text ?? "");
}

import { eachInTurns } from "../each-in-turns.ts";
import type { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";
import { readAnswer, unavailable } from "./answer.ts";
import type { ListChunk } from "./read-list.ts";
import { type WatchEvent, type Watched, WatchedShape } from "./watch-events.ts";

/** Bounds the memory of a watch. */
const MAX_OBJECTS = 10_000;

/** What is kept of the objects of a watch, in the order in which they were listed and added. */
export interface WatchedSet<T> {
  /** Replaces the set by a list. Returns whether that changed anything. */
  replace(chunks: AsyncIterable<ListChunk>): Promise<{ readonly changed: boolean; readonly version: string }>;
  /** Applies a change. Returns whether it changed anything. */
  apply(event: Extract<WatchEvent, { readonly type: "ADDED" | "MODIFIED" | "DELETED" }>): boolean;
  all(): readonly T[];
}

/** What is kept of an object, and what identifies its version. */
interface Known<T> {
  readonly version: string;
  readonly uid: unknown;
  readonly kept: T;
}

/** @param keep what to keep of an object: whole objects may be large, and many. */
export function createWatchedSet<T>(keep: (object: Watched) => T): WatchedSet<T> {
  let objects = new Map<string, Known<T>>();

  const add = (to: Map<string, Known<T>>, object: Watched): void => {
    const { resourceVersion, uid } = object.metadata;
    to.set(keyOf(object), { version: resourceVersion, uid, kept: keep(object) });
    if (to.size > MAX_OBJECTS) throw tooMany();
  };

  return {
    async replace(chunks) {
      const listed = new Map<string, Known<T>>();
      let version: string | undefined;
      for await (const { items, resourceVersion } of chunks) {
        version = resourceVersion;
        await eachInTurns(items, (item) => add(listed, readAnswer(WatchedShape, item)));
      }
      if (version === undefined)
        throw unavailable("The Kubernetes API server does not serve the kind of object to watch.");
      if (version === "") throw unavailable("The Kubernetes API server sent a list without a resourceVersion.");
      const changed = !isSame(objects, listed);
      objects = listed;
      return { changed, version };
    },
    apply({ type, object }) {
      const key = keyOf(object);
      if (type === "DELETED") return objects.delete(key);
      if (objects.get(key)?.version === object.metadata.resourceVersion) return false;
      add(objects, object);
      return true;
    },
    all: () => [...objects.values()].map(({ kept }) => kept),
  };
}

function tooMany(): Failure {
  const message = `More than ${MAX_OBJECTS} objects match, the limit for a watch.`;
  return limitExceeded("kubernetes.watched", message, { next: "List them instead." });
}

function keyOf({ metadata: { namespace = "", name } }: Watched): string {
  return `${namespace}/${name}`;
}

function isSame(before: ReadonlyMap<string, Known<unknown>>, after: ReadonlyMap<string, Known<unknown>>): boolean {
  if (before.size !== after.size) return false;
  for (const [key, { version, uid }] of after) {
    const known = before.get(key);
    // A new object may have the name of a deleted one.
    if (known?.version !== version || known.uid !== uid) return false;
  }
  return true;
}

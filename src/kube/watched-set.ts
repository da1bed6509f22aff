import { Failure } from "../failure.ts";
import { readAnswer, unavailable } from "./answer.ts";
import type { ListChunk } from "./read-list.ts";
import { type WatchEvent, type Watched, WatchedShape } from "./watch-events.ts";

/** What a watch holds is bounded. */
const MAX_OBJECTS = 10_000;

/** The objects that a watch knows, or what is kept of them, in the order in which they were listed and came. */
export interface WatchedSet<T> {
  /** Puts a list in the place of what was known. Tells whether that changed anything. */
  replace(chunks: AsyncIterable<ListChunk>): Promise<{ readonly changed: boolean; readonly version: string }>;
  /** Takes a change in. Tells whether it changed anything. */
  apply(event: Extract<WatchEvent, { readonly type: "ADDED" | "MODIFIED" | "DELETED" }>): boolean;
  all(): readonly T[];
}

/** An object, as far as it has to be told from its next version. */
interface Known<T> {
  readonly version: string;
  readonly uid: unknown;
  readonly kept: T;
}

/** @param keep what to keep of an object: whole ones may be large, and many. */
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
        for (const item of items) add(listed, readAnswer(WatchedShape, item));
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
  return new Failure("too-much", "LIMIT_REACHED", message, { next: "List them instead." });
}

function keyOf({ metadata: { namespace = "", name } }: Watched): string {
  return `${namespace}/${name}`;
}

function isSame(before: ReadonlyMap<string, Known<unknown>>, after: ReadonlyMap<string, Known<unknown>>): boolean {
  if (before.size !== after.size) return false;
  for (const [key, { version, uid }] of after) {
    const known = before.get(key);
    // An object of the same name may be another one.
    if (known?.version !== version || known.uid !== uid) return false;
  }
  return true;
}

import { readAnswer, unavailable } from "./answer.ts";
import type { ListChunk } from "./read-list.ts";
import { type WatchEvent, type Watched, WatchedShape } from "./watch-events.ts";

/** More than any run has pods: what a watch holds is bounded. */
const MOST_OBJECTS = 10_000;

/** The objects that a watch knows, in the order in which they were listed and came. */
export interface WatchedSet {
  /** Puts a list in the place of what was known. Tells whether that changed anything. */
  replace(chunks: AsyncIterable<ListChunk>): Promise<{ readonly changed: boolean; readonly version: string }>;
  /** Takes a change in. Tells whether it changed anything. */
  apply(event: Extract<WatchEvent, { readonly type: "ADDED" | "MODIFIED" | "DELETED" }>): boolean;
  all(): readonly Watched[];
}

export function createWatchedSet(): WatchedSet {
  let objects = new Map<string, Watched>();

  return {
    async replace(chunks) {
      const listed = new Map<string, Watched>();
      let version: string | undefined;
      for await (const { items, resourceVersion } of chunks) {
        version = resourceVersion;
        for (const item of items) add(listed, readAnswer(WatchedShape, item));
      }
      if (version === undefined) throw unavailable("The Kubernetes API server does not know what should be watched.");
      if (version === "") throw unavailable("The Kubernetes API server's list has no version.");
      const changed = !isSame(objects, listed);
      objects = listed;
      return { changed, version };
    },
    apply({ type, object }) {
      const key = keyOf(object);
      if (type === "DELETED") return objects.delete(key);
      if (objects.get(key)?.metadata.resourceVersion === object.metadata.resourceVersion) return false;
      add(objects, object);
      return true;
    },
    all: () => [...objects.values()],
  };
}

function add(objects: Map<string, Watched>, object: Watched): void {
  objects.set(keyOf(object), object);
  if (objects.size > MOST_OBJECTS) throw unavailable("The Kubernetes API server has more objects than can be watched.");
}

function keyOf({ metadata: { namespace = "", name } }: Watched): string {
  return `${namespace}/${name}`;
}

function isSame(before: ReadonlyMap<string, Watched>, after: ReadonlyMap<string, Watched>): boolean {
  if (before.size !== after.size) return false;
  for (const [key, { metadata }] of after) {
    const known = before.get(key)?.metadata;
    // An object of the same name may be another one.
    if (known?.resourceVersion !== metadata.resourceVersion || known?.uid !== metadata.uid) return false;
  }
  return true;
}

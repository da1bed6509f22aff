import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type KubeObject, keyOf } from "./objects.ts";

/** The identity of an object. */
export type ObjectRef = Pick<KubeObject, "apiVersion" | "kind" | "metadata">;

/** An object was added, removed or replaced. */
export interface Change {
  /** Absent if there was none. */
  readonly before: KubeObject | undefined;
  /** Absent if it was removed. */
  readonly after: KubeObject | undefined;
  readonly version: number;
}

/** The objects of a cluster, and their latest changes. */
export interface ObjectStore {
  /** The version of the latest change. */
  readonly version: number;
  all(): readonly KubeObject[];
  get(ref: ObjectRef): KubeObject | undefined;
  /** Adds an object, or replaces the one with the same group, kind, namespace and name. Returns the stored object. */
  put(object: KubeObject): KubeObject;
  remove(ref: ObjectRef): void;
  /** The changes after this version; `undefined` if they are no longer recorded. */
  since(version: number): readonly Change[] | undefined;
  /** Drops the recorded changes, but not the objects. */
  forget(): void;
  /** Resolves at the next change, after this many milliseconds, or when the signal is aborted. */
  untilChange(ms: number, signal: AbortSignal): Promise<void>;
}

const VERSION_AT_START = 1000;

/**
 * @param clock the creation time of objects without one.
 * @param kept the maximum number of recorded changes. Default: 1,000.
 */
export function createObjectStore(clock: Clock, kept = 1000): ObjectStore {
  const objects = new Map<string, KubeObject>();
  const waiting = new Set<() => void>();
  let version = VERSION_AT_START;
  let changes: Change[] = [];
  let forgottenUpTo = VERSION_AT_START;

  const record = (change: Change): void => {
    changes.push(change);
    if (changes.length > kept) forgottenUpTo = changes.shift()?.version ?? version;
    for (const wake of [...waiting]) wake();
  };

  return {
    get version() {
      return version;
    },
    all: () => [...objects.values()],
    get: (ref) => objects.get(keyOf(ref as KubeObject)),
    put(object) {
      version += 1;
      const before = objects.get(keyOf(object));
      const metadata = {
        uid: before?.metadata.uid ?? randomUUID(),
        creationTimestamp:
          before?.metadata.creationTimestamp ?? new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
        ...object.metadata,
        resourceVersion: String(version),
      };
      const after = { ...object, metadata };
      objects.set(keyOf(after), after);
      record({ before, after, version });
      return after;
    },
    remove(ref) {
      const before = objects.get(keyOf(ref as KubeObject));
      if (before === undefined) return;
      version += 1;
      objects.delete(keyOf(before));
      record({ before, after: undefined, version });
    },
    since: (from) => (from < forgottenUpTo ? undefined : changes.filter((change) => change.version > from)),
    forget() {
      changes = [];
      forgottenUpTo = version;
    },
    untilChange: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
        signal.addEventListener("abort", done);
        if (signal.aborted) done();
      }),
  };
}

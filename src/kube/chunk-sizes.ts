import { LRUCache } from "lru-cache";

/** The size of a list's first chunk while the size of its objects is unknown: each may have 1.5 MB. */
const FIRST = 16;
const MAX = 250;
const KNOWN_LISTS = 1_000;

/** How many objects to request in one chunk of a list, learned from the chunks before. */
export class ChunkSizes {
  readonly #aimBytes: number;
  readonly #bytesPerObject = new LRUCache<string, number>({ max: KNOWN_LISTS });

  /** @param aimBytes how many bytes a chunk should have. */
  constructor(aimBytes: number) {
    this.#aimBytes = aimBytes;
  }

  /** @param path of the list. */
  next(path: string): number {
    const bytes = this.#bytesPerObject.get(path);
    return bytes === undefined ? FIRST : Math.min(MAX, Math.max(1, Math.floor(this.#aimBytes / bytes)));
  }

  /** Notes a chunk of so many objects and bytes. */
  learn(path: string, objects: number, bytes: number): void {
    if (objects > 0) this.#bytesPerObject.set(path, bytes / objects);
  }
}

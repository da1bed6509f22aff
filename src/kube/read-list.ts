import * as z from "zod";
import { isTooLarge, readAnswer } from "./answer.ts";
import type { ChunkSizes } from "./chunk-sizes.ts";

/** A part of a list, in the server's order. */
export interface ListChunk {
  readonly items: readonly unknown[];
  /** The version of the list. Empty if the server sends none. */
  readonly resourceVersion: string;
}

const List = z.object({
  items: z.array(z.unknown()).nullable(),
  metadata: z.object({ continue: z.string().optional(), resourceVersion: z.string().optional() }).optional(),
});

/** @throws Failure KUBERNETES_UNAVAILABLE if the response is not a list. */
export function readListAnswer(value: unknown): z.infer<typeof List> {
  return readAnswer(List, value);
}

/**
 * Reads one path of the API server.
 *
 * @param isOne whether the response is a list of one object, which may be as large as any.
 */
export type ReadPath = (path: string, isOne: boolean) => Promise<{ readonly value: unknown; readonly bytes: number }>;

/**
 * Reads a list in chunks of about 2 MiB and at most 250 objects, each when it is requested. A kind that the server does
 * not serve has no chunks.
 *
 * @param read throws a failure of {@link isTooLarge} for a response over its limit: then fewer objects are requested, at
 * last one at a time.
 * @param path of the list.
 * @param query selects objects.
 */
export async function* readList(
  read: ReadPath,
  path: string,
  query: Readonly<Record<string, string>>,
  sizes: ChunkSizes,
): AsyncGenerator<ListChunk> {
  let next: string | undefined;
  const readChunk = async (limit: number): ReturnType<ReadPath> => {
    const parameters = { limit: String(limit), ...query, ...(next !== undefined && { continue: next }) };
    try {
      return await read(`${path}?${new URLSearchParams(parameters)}`, limit === 1);
    } catch (error) {
      if (limit === 1 || !isTooLarge(error)) throw error;
      return readChunk(Math.ceil(limit / 8));
    }
  };
  do {
    const { value, bytes } = await readChunk(sizes.next(path));
    if (value === undefined) return;
    const { items, metadata } = readListAnswer(value);
    sizes.learn(path, items?.length ?? 0, bytes);
    yield { items: items ?? [], resourceVersion: metadata?.resourceVersion ?? "" };
    next = metadata?.continue || undefined;
  } while (next !== undefined);
}

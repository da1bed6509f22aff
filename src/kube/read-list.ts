import { z } from "zod";
import { readAnswer } from "./answer.ts";

/** A part of a list, in the server's order. */
export interface ListChunk {
  readonly items: readonly unknown[];
  /** The version of the list. Empty if the server sends none. */
  readonly resourceVersion: string;
}

const CHUNK = 250;

const List = z.object({
  items: z.array(z.unknown()).nullable(),
  metadata: z.object({ continue: z.string().optional(), resourceVersion: z.string().optional() }).optional(),
});

/**
 * Reads a list in chunks of at most 250 objects, each when it is requested. A kind that the server does not serve has
 * no chunks.
 *
 * @param get reads one path.
 * @param path of the list.
 * @param query selects objects.
 */
export async function* readList(
  get: (path: string) => Promise<unknown>,
  path: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<ListChunk> {
  let next: string | undefined;
  do {
    const parameters = new URLSearchParams({
      limit: String(CHUNK),
      ...query,
      ...(next !== undefined && { continue: next }),
    });
    const answer = await get(`${path}?${parameters}`);
    if (answer === undefined) return;
    const { items, metadata } = readAnswer(List, answer);
    yield { items: items ?? [], resourceVersion: metadata?.resourceVersion ?? "" };
    next = metadata?.continue || undefined;
  } while (next !== undefined);
}

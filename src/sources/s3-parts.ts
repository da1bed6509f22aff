import { printable, quoted } from "../quoted.ts";
import { LINE_FEED } from "../stream/characters.ts";
import { type DecompressLimits, decompress } from "../stream/decompress.ts";
import { DecompressionFailed } from "../stream/decompression-error.ts";
import type { KeyPattern } from "../template/key-pattern.ts";
import type { ListedPage } from "./s3-client.ts";
import { sortParts } from "./s3-part-order.ts";
import { SourceError } from "./source-error.ts";

/** How many parts a log may have, and how many keys are listed to find them. */
const MAX_PARTS = 100_000;
const MAX_LISTED = 1_000_000;
const FEED = Buffer.from("\n");

/** When the parts of a log may have been uploaded, in milliseconds since 1970. */
export interface UploadTimes {
  readonly from: number;
  readonly to: number;
}

/** A piece of the text of all parts. */
export interface PartsPiece {
  readonly bytes: Uint8Array;
  /** What is missing before it: one sentence. */
  readonly missing?: string;
}

/**
 * Lists the parts of a log, in the order of their lines.
 *
 * @param times only the parts that were uploaded then. `undefined`: all.
 * @param list returns a page of the listing.
 * @throws SourceError if there are too many of them; what `list` throws.
 */
export async function listParts(
  source: string,
  { prefix, matches }: KeyPattern,
  times: UploadTimes | undefined,
  list: (prefix: string, from: string | undefined) => Promise<ListedPage>,
): Promise<readonly string[]> {
  const parts: { readonly key: string }[] = [];
  let listed = 0;
  for (let from: string | undefined; ; ) {
    const { objects, next } = await list(prefix, from);
    listed += objects.length;
    for (const { key, modified } of objects) {
      const isInTime = times === undefined || !(modified < times.from || modified > times.to);
      if (isInTime && matches(key)) parts.push({ key });
    }
    if (parts.length > MAX_PARTS) throw tooMany(source, `keeps the log in more than ${count(MAX_PARTS)} objects`);
    if (next === undefined) break;
    if (listed > MAX_LISTED) throw tooMany(source, `has more than ${count(MAX_LISTED)} objects with the same prefix`);
    // A store that returns the same page again and again would be listed for ever.
    if (next === from || objects.length === 0) {
      throw new SourceError(source, "unavailable", "answered with a list of objects that does not end");
    }
    from = next;
  }
  return sortParts(parts, prefix).map(({ key }) => key);
}

export interface ReadPartsOptions {
  /** What all keys begin with: it is left out where a part is named. */
  readonly prefix: string;
  readonly limits: DecompressLimits;
  /** Opens the body of a part. */
  readonly open: (key: string) => Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Reads parts one after another as one text. Each is decompressed for itself, and ends with a line feed. One that is
 * damaged, archived or gone is named, and the others follow.
 *
 * @throws what `open` and the bodies throw; SourceError if no part could be read.
 */
export async function* readParts(
  keys: readonly string[],
  { prefix, limits, open }: ReadPartsOptions,
): AsyncGenerator<PartsPiece, void, undefined> {
  let missing: string | undefined;
  let unread: SourceError | undefined;
  let hasRead = false;
  for (const key of keys) {
    let last = LINE_FEED;
    try {
      for await (const bytes of decompress(await open(key), limits)) {
        if (bytes.length === 0) continue;
        last = bytes[bytes.length - 1] ?? LINE_FEED;
        yield missing === undefined ? { bytes } : { bytes, missing };
        missing = undefined;
      }
      hasRead = true;
    } catch (error) {
      const why = whyUnread(error);
      if (why === undefined) throw error;
      if (error instanceof SourceError) unread ??= error;
      else hasRead = true;
      const told = `Lines are missing here: the part ${quoted(printable(key.slice(prefix.length)))} ${why}.`;
      missing = missing === undefined ? told : `${missing} ${told}`;
    }
    if (last !== LINE_FEED) yield { bytes: FEED };
  }
  if (!hasRead && unread !== undefined) throw unread;
  if (missing !== undefined) yield { bytes: new Uint8Array(0), missing };
}

/** Why a part cannot be read although others may. `undefined`: it is not about this part. */
function whyUnread(error: unknown): string | undefined {
  if (error instanceof DecompressionFailed) return "is damaged or truncated";
  if (!(error instanceof SourceError) || error.outcome !== "not-found") return undefined;
  return error.httpStatus === 404
    ? "is no longer there"
    : error.did.replace("the log in its archive", "it in its archive");
}

function tooMany(source: string, did: string): SourceError {
  return new SourceError(source, "refused", `${did}, which is too many to read`);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

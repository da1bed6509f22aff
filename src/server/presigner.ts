import type { CompiledLink, ObjectLink } from "../config/compile.ts";
import type { Egress } from "../egress/egress.ts";
import { Failure } from "../failure.ts";
import { timeoutsOf } from "../sources/http-settings.ts";
import { type Bucket, openBucket } from "../sources/s3-client.ts";
import { s3Failure } from "../sources/s3-failure.ts";

/** How long a presigned address is good: longer than a browser takes, shorter than one that is passed on is of use. */
const SECONDS = 5 * 60;

/** Makes presigned addresses of the objects that links lead to. */
export interface Presigner {
  /** @throws Failure if there are no credentials. */
  presign(link: ObjectLink, key: string): Promise<string>;
  close(): Promise<void>;
}

export function createPresigner(links: readonly CompiledLink[], egress: Egress): Presigner {
  const buckets = new Map<ObjectLink, Bucket>();
  for (const link of links) {
    if (link.kind === "object") buckets.set(link, openBucket(link.config.title, link.connection, egress));
  }
  return {
    async presign(link, key) {
      const bucket = buckets.get(link);
      if (bucket === undefined) throw new Error("The link is of another configuration.");
      try {
        return await bucket.presign(key, SECONDS);
      } catch (cause) {
        const timeouts = timeoutsOf(link.connection.config.timeouts);
        const error = s3Failure(cause, { source: link.config.title, timeouts, notFound: [] });
        const down = error.outcome === "unavailable" || error.outcome === "silent";
        throw new Failure(
          down ? "unavailable" : "refused",
          down ? "SOURCE_UNAVAILABLE" : "BACKEND_REFUSED",
          `The store of "${link.config.title}" ${error.did}.`,
          { next: down ? "Try again in a moment." : "Tell an operator.", cause: error },
        );
      }
    },
    async close() {
      await Promise.all(Array.from(buckets.values(), (bucket) => bucket.close()));
    },
  };
}

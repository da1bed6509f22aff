import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** The current content at a path. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** Changes whenever the bytes do. */
  readonly etag: string;
  /** The bytes, generated as they are pulled. */
  chunks(): Iterable<Uint8Array>;
}

/** Sends a body at the reader's pace. Throws if the reader disconnects. */
export function sendBody(response: ServerResponse, body: Pick<Body, "chunks">): Promise<void> {
  return pipeline(Readable.from(body.chunks(), { highWaterMark: 1 }), response);
}

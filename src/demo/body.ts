import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What is served at a path, as it is now. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** Differs whenever the bytes do. */
  readonly etag: string;
  /** The bytes, made as they are pulled. */
  chunks(): Iterable<Uint8Array>;
}

/** Sends a body, a pull at a time: the generator rests while the reader does. Throws where the reader leaves. */
export function sendBody(response: ServerResponse, body: Pick<Body, "chunks">): Promise<void> {
  return pipeline(Readable.from(body.chunks(), { highWaterMark: 1 }), response);
}

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Body } from "./body.ts";

/** Reads a file on every call, so that it can be changed while the store runs; `undefined` if there is none. */
export async function readStaticFile(path: URL): Promise<Body | undefined> {
  try {
    const bytes = await readFile(path);
    return {
      length: bytes.length,
      etag: createHash("sha256").update(bytes).digest("hex").slice(0, 16),
      chunks: () => [bytes],
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

import { createHash } from "node:crypto";
import type { Answer } from "./scripted-store.ts";

/** A file in a store, which tests may change. */
export interface StoredFile {
  bytes: Uint8Array;
  readonly answer: Answer;
  /** What was asked for, in order: the Range header, or `all`. */
  readonly asked: readonly string[];
  /** Bytes of body that were sent. */
  readonly sent: number;
}

export interface StoredFileOptions {
  /** Whether the store gives parts. Default: yes. */
  readonly ranges?: boolean;
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A file as nginx or S3 gives it (RFC 9110 §14). */
export function storedFile(
  bytes: Uint8Array | string,
  { ranges = true, headers = {} }: StoredFileOptions = {},
): StoredFile {
  const asked: string[] = [];
  let sent = 0;
  const file = {
    bytes: Buffer.from(bytes) as Uint8Array,
    asked,
    get sent() {
      return sent;
    },
    answer: ((response, request) => {
      const all = file.bytes;
      const etag = `"${createHash("sha1").update(all).digest("hex")}"`;
      const head = { "content-type": "text/plain", etag, ...headers };
      const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
      asked.push(request.headers.range ?? "all");
      if (!ranges || from === undefined) {
        sent += all.length;
        response.writeHead(200, { ...head, "content-length": String(all.length) }).end(all);
        return;
      }
      const first = Number(from);
      if (first >= all.length) {
        response.writeHead(416, { ...head, "content-range": `bytes */${all.length}`, "content-length": "0" }).end();
        return;
      }
      const last = Math.min(to === "" || to === undefined ? all.length - 1 : Number(to), all.length - 1);
      const part = all.subarray(first, last + 1);
      sent += part.length;
      response
        .writeHead(206, {
          ...head,
          "content-range": `bytes ${first}-${last}/${all.length}`,
          "content-length": String(part.length),
        })
        .end(part);
    }) satisfies Answer,
  };
  return file;
}

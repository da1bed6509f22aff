import { createHash } from "node:crypto";
import type { Answer } from "./scripted-store.ts";

/** An object in a store that serves it like S3, GCS or nginx. It may be changed at any time. */
export interface StoredObject {
  readonly answer: Answer;
  /** `undefined`: it does not exist. */
  bytes: Uint8Array | undefined;
  /** The Range header of each request; "" if it had none. */
  readonly ranges: string[];
  /** The bytes of bodies written to connections. */
  readonly served: number;
}

export interface StoredObjectOptions {
  /** Whether Range is supported. Default: true. */
  readonly ranges?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Returns another range than requested. */
  readonly wrongRange?: boolean;
  /** Writes the body in pieces of this size, one per iteration of the event loop. Default: in one piece. */
  readonly pieceBytes?: number;
  /** Called after each response. */
  readonly onAnswered?: () => void;
}

export function storedObject(begin: Uint8Array | string | undefined, options: StoredObjectOptions = {}): StoredObject {
  const { ranges: hasRanges = true, headers = {}, wrongRange = false, pieceBytes, onAnswered } = options;
  const ranges: string[] = [];
  let served = 0;
  const object = {
    bytes: typeof begin === "string" ? Buffer.from(begin) : begin,
    ranges,
    get served() {
      return served;
    },
    answer: ((response, request) => {
      const asked = request.headers.range ?? "";
      ranges.push(asked);
      response.once("finish", () => onAnswered?.());
      const { bytes } = object;
      if (bytes === undefined) return void response.writeHead(404).end();
      const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}"`;
      const common = { "content-type": "text/plain", etag, ...headers };
      const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(asked) ?? [];
      let part: Uint8Array = bytes;
      if (from === undefined || !hasRanges) response.writeHead(200, { ...common, "content-length": bytes.length });
      else if (Number(from) >= bytes.length) {
        return void response.writeHead(416, { ...common, "content-range": `bytes */${bytes.length}` }).end();
      } else {
        const first = wrongRange ? Number(from) + 1 : Number(from);
        const last = to === "" || to === undefined ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
        part = bytes.subarray(first, last + 1);
        response.writeHead(206, {
          ...common,
          "accept-ranges": "bytes",
          "content-length": part.length,
          "content-range": `bytes ${first}-${last}/${bytes.length}`,
        });
      }
      if (pieceBytes === undefined) {
        served += part.length;
        return void response.end(part);
      }
      const write = (at: number): void => {
        if (response.destroyed) return;
        if (at >= part.length) return void response.end();
        served += Math.min(pieceBytes, part.length - at);
        response.write(part.subarray(at, at + pieceBytes), () => setImmediate(write, at + pieceBytes));
      };
      write(0);
    }) as Answer,
  };
  return object;
}

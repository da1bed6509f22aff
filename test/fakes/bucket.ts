import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer of the store instead of an object or a listing. */
export type ScriptedAnswer =
  | { readonly status: number; readonly code?: string; readonly more?: string; readonly headers?: object }
  | { readonly status: number; readonly body: string; readonly headers?: object };

/** A store that speaks the protocol of S3 as AWS documents it, and checks no signature. Path-style addresses only. */
export interface FakeBucket {
  readonly url: string;
  /** Objects by key. */
  readonly objects: Map<string, { readonly body: Uint8Array; readonly modified?: string; readonly type?: string }>;
  /** The requests, as `GET /bucket/key?query`, without what the SDK adds. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage["headers"] }[];
  /** Answers the next requests with these, one each. */
  script(...answers: readonly ScriptedAnswer[]): void;
  /** Serves an object in another way than from `objects`. Returns whether it does. */
  onObject: (key: string, request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

export const BUCKET = "logs";

/** @param pageSize how many keys a page of a listing has. */
export async function startFakeBucket({ pageSize = 1_000 } = {}): Promise<FakeBucket> {
  const objects: FakeBucket["objects"] = new Map();
  const requests: FakeBucket["requests"] = [];
  const scripted: ScriptedAnswer[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    url.searchParams.delete("x-id");
    requests.push({ line: `${request.method} ${url.pathname}${url.search}`, headers: request.headers });
    const next = scripted.shift();
    if (next !== undefined) return void sendScripted(response, next);
    const key = decodeURIComponent(url.pathname.slice(`/${BUCKET}/`.length));
    if (!url.pathname.startsWith(`/${BUCKET}`))
      return void sendScripted(response, { status: 404, code: "NoSuchBucket" });
    if (url.searchParams.has("list-type")) return void sendList(response, objects, url.searchParams, pageSize);
    if (made.onObject(key, request, response)) return;
    const object = objects.get(key);
    if (object === undefined) sendScripted(response, { status: 404, code: "NoSuchKey" });
    else sendObject(response, object.body, request.headers.range, object.type);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const made: FakeBucket = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    script: (...answers) => void scripted.push(...answers),
    onObject: () => false,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return made;
}

function sendScripted(response: ServerResponse, answer: ScriptedAnswer): void {
  const headers = { "content-type": "application/xml", ...answer.headers };
  response.writeHead(answer.status, headers);
  if ("body" in answer) response.end(answer.body);
  else {
    const { code = "InternalError", more = "" } = answer;
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said by 127.0.0.1</Message>${more}</Error>`);
  }
}

function sendObject(response: ServerResponse, body: Uint8Array, range = "", type = "binary/octet-stream"): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) {
    response.writeHead(200, { "content-type": type, "content-length": body.length }).end(body);
    return;
  }
  const from = Number(first);
  if (from >= body.length) {
    sendScripted(response, { status: 416, code: "InvalidRange" });
    return;
  }
  const part = body.subarray(from, last ? Number(last) + 1 : undefined);
  const contentRange = `bytes ${from}-${from + part.length - 1}/${body.length}`;
  response
    .writeHead(206, { "content-type": type, "content-length": part.length, "content-range": contentRange })
    .end(part);
}

function sendList(
  response: ServerResponse,
  objects: FakeBucket["objects"],
  query: URLSearchParams,
  pageSize: number,
): void {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, pageSize);
  const more = keys.length > page.length;
  const contents = page.map((key) => {
    const { body, modified = "2026-01-01T00:00:00.000Z" } = objects.get(key) ?? { body: new Uint8Array(0) };
    // As AWS and MinIO encode it: a space is a plus.
    const encoded = encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
    return `<Contents><Key>${encoded}</Key><LastModified>${modified}</LastModified><Size>${body.length}</Size></Contents>`;
  });
  response.writeHead(200, { "content-type": "application/xml" });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `<Name>${BUCKET}</Name><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>` +
      (more ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? "")}</NextContinuationToken>` : "") +
      `${contents.join("")}</ListBucketResult>`,
  );
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

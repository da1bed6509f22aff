import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { TlsReader } from "../config-values/tls-files.ts";
import type { HttpConnections, HttpTimeouts } from "../egress/http-connections.ts";
import { collect } from "../stream/collect.ts";
import { isDelimited } from "./http-answer.ts";
import { readHttpBody } from "./http-body.ts";
import { readSetting } from "./http-settings.ts";
import { SourceError } from "./source-error.ts";

/** What the clients of the AWS SDK hand to a request handler. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** Sends the requests of AWS clients, through the egress guard. */
export interface SdkHandler {
  handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  readonly metadata: { readonly handlerProtocol: string };
}

export interface SdkHandlerOptions {
  /** The source's name, for errors. */
  readonly source: string;
  readonly connections: HttpConnections;
  readonly tls: TlsReader | undefined;
  readonly timeouts: HttpTimeouts;
}

/** A page of a listing: a thousand keys of at most 1,024 characters, each of which may be written as nine. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Says whether the body proves its own end: the SDK hands on only the headers. */
export const DELIMITED_HEADER = "x-taffrail-delimited";

/**
 * Creates a request handler for the clients of the AWS SDK. Bodies of objects are handed on as they are; all others are
 * read here, within limits, because the SDK reads them without any.
 */
export function createSdkHandler({ source, connections, tls, timeouts }: SdkHandlerOptions): SdkHandler {
  /** Reads a short body whole. */
  const read = async (answer: Dispatcher.ResponseData, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> =>
    collect(readHttpBody(answer.body, { source, idleMs: timeouts.idleMs, signal }), maxBytes);

  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request, { abortSignal } = {}) {
      const signal = (abortSignal as AbortSignal | undefined) ?? new AbortController().signal;
      const settings = await readSetting(source, "certificates", tls, signal);
      const answer = await connections.get(urlOf(request), {
        method: request.method === "POST" ? "POST" : "GET",
        headers: { ...request.headers, "accept-encoding": "identity" },
        body: request.body as string | Uint8Array | undefined,
        tls: request.protocol === "https:" ? settings : undefined,
        signal,
      });
      const { statusCode, body } = answer;
      const headers = { ...flatHeaders(answer.headers), [DELIMITED_HEADER]: String(isDelimited(answer.headers)) };
      if (statusCode >= 300) {
        const text = errorText(statusCode, Buffer.from(await read(answer, MAX_ERROR_BYTES, signal)).toString());
        return { response: { statusCode, headers, body: Readable.from([Buffer.from(text)]) } };
      }
      if (request.method === "GET" && request.query?.["list-type"] === undefined) {
        return { response: { statusCode, headers, body } };
      }
      const page = Buffer.from(await read(answer, MAX_PAGE_BYTES, signal));
      if (request.method === "GET" && !/<\/ListBucketResult>\s*$/.test(page.toString("latin1", page.length - 64))) {
        throw new SourceError(source, "unavailable", "answered with something that is not a list of objects", {
          httpStatus: statusCode,
        });
      }
      return { response: { statusCode, headers, body: Readable.from([page]) } };
    },
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const parameters = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value ?? ""].flat().map((each) => `${encode(name)}=${encode(each)}`),
  );
  const search = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  return new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search}`);
}

/** As signatures count it: RFC 3986, with these four. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The SDK fails with an error of its own if the body of an error is not the XML that it expects. */
function errorText(status: number, text: string): string {
  return /<Code>[^<]+<\/Code>[\s\S]*<\/(?:Error|ErrorResponse)>\s*$/.test(text)
    ? text
    : `<Error><Code>Status${status}</Code><Message></Message></Error>`;
}

function flatHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(", ")]],
    ),
  );
}

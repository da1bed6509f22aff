import type { Dispatcher } from "undici";
import * as z from "zod";
import { createHttpConnections, type HttpRequest } from "../egress/http-connections.ts";
import { declaredCharset } from "../stream/encoding.ts";
import { type AddressTemplate, compileAddress } from "../template/address.ts";
import type { TextTemplate } from "../template/text.ts";
import { Decode, decodeLog } from "./decoders/decode-log.ts";
import { createRecordFilter } from "./decoders/record-filter.ts";
import { hostsOf } from "./hosts-of.ts";
import { checkStatus, contentTypeOf, isDelimited, partOf, redirectOf, unsupportedCoding } from "./http-answer.ts";
import { readHttpBody } from "./http-body.ts";
import { requestFailure } from "./http-failure.ts";
import {
  compileHeaders,
  httpSettings,
  openSetting,
  openTls,
  prepareRequest,
  type RequestSettings,
  timeoutsOf,
} from "./http-settings.ts";
import { lookupsOf } from "./lookups.ts";
import type { LogTarget, OpenedFile, OpenedLog, OpenOptions } from "./source.ts";
import { rendered, SourceError } from "./source-error.ts";
import type { CompileContext, SourceDeps, SourceKind } from "./source-kind.ts";

const MAX_REDIRECTS = 5;
/** How much of an answer that is no log is read, and for how long, so that its connection can serve again. */
const DUMP_BYTES = 16 * 1024;
const DUMP_MS = 1_000;

const Http = z
  .strictObject({
    url: z.string().describe("The address of a log, as a template (docs/templates.md)."),
    headers: httpSettings.headers,
    token: httpSettings.token,
    hosts: httpSettings.hosts,
    tls: httpSettings.tls,
    charset: z
      .string()
      .optional()
      .describe("The encoding of logs, whatever the store says: utf-16le. Default: what the store says, else utf-8."),
    decode: Decode,
    notFound: z
      .array(z.int().min(400).max(499))
      .default([404, 410])
      .describe("The statuses that mean that there is no such log. S3 without the right to list a bucket uses 403."),
    timeouts: httpSettings.timeouts,
  })
  .describe("A store that answers GET: nginx, S3, GCS, an artifact server.");

type HttpConfig = z.output<typeof Http>;

/** An HTTP store whose templates and secrets are known to be good. */
export interface CompiledHttp extends RequestSettings {
  readonly config: HttpConfig;
  /** Where it has no `origin`, values make the host, and it may not lead inside. */
  readonly url: AddressTemplate;
  readonly headers: Readonly<Record<string, TextTemplate>>;
}

/** A store that keeps each log as one file behind an HTTP address. */
export const http = {
  kind: "http",
  schema: Http,
  capabilities: { live: false, ranges: true, tellsTimes: false, since: false, tail: false },
  hosts: ({ url, hosts }) => hostsOf(url, hosts),
  compile,
  lookups: ({ url, headers }) => lookupsOf([url, ...Object.values(headers)]),
  create(
    compiled,
    { name, egress, limits }: Pick<SourceDeps, "name" | "egress"> & Partial<Pick<SourceDeps, "limits">>,
  ) {
    const { charset, notFound, decode } = compiled.config;
    const timeouts = timeoutsOf(compiled.config.timeouts);
    const connections = createHttpConnections({ egress, origin: compiled.url.origin, timeouts });

    /** The answer to a request, behind any redirects. Its status is one of a log. */
    const ask = async (first: URL, request: HttpRequest, isPart: boolean): Promise<Dispatcher.ResponseData> => {
      let url = first;
      for (let hops = 0; ; hops += 1) {
        const answer = await connections.get(url, request).catch((cause: unknown) => {
          request.signal.throwIfAborted();
          throw requestFailure(name, cause, timeouts);
        });
        const { statusCode, headers, body } = answer;
        try {
          const next = redirectOf(name, url, statusCode, headers);
          if (next === undefined) {
            checkStatus(name, statusCode, notFound, isPart);
            return answer;
          }
          if (hops === MAX_REDIRECTS) {
            const details = { httpStatus: statusCode };
            throw new SourceError(name, "refused", "redirected too often", details);
          }
          url = next;
        } catch (error) {
          dump(body);
          throw error;
        }
        dump(body);
      }
    };

    const open = async (target: LogTarget, signal: AbortSignal, { range }: OpenOptions = {}): Promise<OpenedLog> => {
      signal.throwIfAborted();
      const { headers: own, tls } = await prepareRequest(name, compiled, target.values, signal);
      const url = rendered(name, () => compiled.url.render(target.values));
      const wanted = range && { range: `bytes=${range.first}-${range.last ?? ""}` };
      const request = { headers: { ...own, ...wanted }, tls, signal };
      const { statusCode, headers, body } = await ask(url, request, range !== undefined);
      const part = range && partOf(statusCode, headers, range.first);
      if (part === "other") {
        dump(body);
        return open(target, signal);
      }
      const type = contentTypeOf(headers);
      const isEmpty = statusCode === 416;
      if (isEmpty) dump(body);
      const file: OpenedFile = {
        kind: "file",
        body: isEmpty ? nothing() : readHttpBody(body, { source: name, idleMs: timeouts.idleMs, signal }),
        mediaType: type.mediaType,
        charset: declaredCharset(charset, type.charset),
        coding: unsupportedCoding(headers),
        delimited: statusCode === 204 || isEmpty || isDelimited(headers),
        ...(part && { part }),
      };
      const filter = createRecordFilter(target, false);
      return (await decodeLog(file, { decode, filter, limits: limits?.decompress, signal })) ?? open(target, signal);
    };

    const byPod = [compiled.url, ...Object.values(compiled.headers)].some(({ names }) => names.has("podName"));
    return { byPod, open, close: connections.close };
  },
} satisfies SourceKind<HttpConfig, CompiledHttp>;

function compile(config: HttpConfig, context: CompileContext): CompiledHttp | undefined {
  const { url, token, hosts, charset } = config;
  const { vars, attempt } = context;
  if (charset !== undefined) attempt(["charset"], () => checkCharset(charset));
  const address = attempt(["url"], () => compileAddress(url, { vars, ...(hosts !== undefined && { hosts }) }));
  const headers = compileHeaders(config, context);
  const secret = openSetting("token", token, context);
  const tls = openTls(config, url, context);
  return address && { config, url: address, headers, token: secret, tls };
}

function checkCharset(label: string): void {
  try {
    new TextDecoder(label);
  } catch {
    throw new Error(`there is no encoding "${label}". Names are those of https://encoding.spec.whatwg.org`);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Lets go of a body that nobody is shown. */
function dump(body: Dispatcher.ResponseData["body"]): void {
  body.dump({ limit: DUMP_BYTES, signal: AbortSignal.timeout(DUMP_MS) }).catch(() => {});
}

import type { Dispatcher } from "undici";
import { z } from "zod";
import { abortable } from "../abort.ts";
import { openSecret, type SecretReader, SecretRef } from "../config-values/secret-reader.ts";
import { ClientTls, openTlsFiles, type TlsReader } from "../config-values/tls-files.ts";
import { Duration } from "../config-values/units.ts";
import type { TlsSettings } from "../egress/egress.ts";
import { Secret } from "../secret.ts";
import { type AddressTemplate, compileAddress } from "../template/address.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import type { TemplateValues } from "../template/values.ts";
import { checkCoding, checkStatus, contentTypeOf, isDelimited, partOf, redirectOf } from "./http-answer.ts";
import { readHttpBody } from "./http-body.ts";
import { createHttpConnections, type HttpRequest } from "./http-connections.ts";
import { requestFailure } from "./http-failure.ts";
import { lookupsOf } from "./lookups.ts";
import type { LogTarget, OpenedFile, OpenOptions } from "./source.ts";
import { rendered, SourceError } from "./source-error.ts";
import type { CompileContext, SourceDeps, SourceKind } from "./source-kind.ts";

const MAX_REDIRECTS = 5;
/** How much of an answer that is no log is read, and for how long, so that its connection can serve again. */
const DUMP_BYTES = 16 * 1024;
const DUMP_MS = 1_000;

const HeaderName = z.string().regex(/^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/, "must be the name of an HTTP header");

const Http = z
  .strictObject({
    url: z.string().describe("The address of a log, as a template (docs/templates.md)."),
    headers: z
      .record(HeaderName, z.string())
      .default({})
      .describe("Headers to send, as templates. `${{ token }}` is the token below."),
    token: SecretRef.optional(),
    hosts: z
      .array(z.string().min(1))
      .optional()
      .describe("Hosts that are allowed where the address's host holds variables: `*.logs.example.com`."),
    tls: ClientTls.optional(),
    charset: z
      .string()
      .optional()
      .describe("The encoding of logs for which the store names none: utf-16le. Default: utf-8."),
    notFound: z
      .array(z.int().min(400).max(499))
      .default([404, 410])
      .describe("The statuses that mean that there is no such log. S3 without the right to list a bucket uses 403."),
    timeouts: z
      .strictObject({
        connect: Duration.default(5_000).describe("To connect, TLS included. Default 5s."),
        headers: Duration.default(30_000).describe("For the response headers. Default 30s."),
        idle: Duration.default(60_000).describe("Between two pieces of the body. Default 60s."),
      })
      .prefault({}),
  })
  .describe("A store that answers GET: nginx, S3, GCS, an artifact server.");

type HttpConfig = z.output<typeof Http>;

/** An HTTP store whose templates and secrets are known to be good. */
export interface CompiledHttp {
  readonly config: HttpConfig;
  /** Where it has no `origin`, values make the host, and it may not lead inside. */
  readonly url: AddressTemplate;
  /** By name. They replace what is sent otherwise: `accept-encoding: identity` and `user-agent: taffrail`. */
  readonly headers: Readonly<Record<string, TextTemplate>>;
  /** Asked on each request for what `token` stands for in a header. */
  readonly token: SecretReader | undefined;
  /** Asked on each request. Gives the same object until a file changes. Absent: as public sites do. */
  readonly tls: TlsReader | undefined;
}

/** A store that keeps each log as one file behind an HTTP address. */
export const http = {
  kind: "http",
  schema: Http,
  capabilities: { live: false, ranges: true, tellsTimes: false, since: false, tail: false },
  compile,
  lookups: ({ url, headers }) => lookupsOf([url, ...Object.values(headers)]),
  create(compiled, { name, egress }: Pick<SourceDeps, "name" | "egress">) {
    const { charset, notFound, timeouts: configured } = compiled.config;
    const timeouts = { connectMs: configured.connect, headersMs: configured.headers, idleMs: configured.idle };
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

    const open = async (target: LogTarget, signal: AbortSignal, { range }: OpenOptions = {}): Promise<OpenedFile> => {
      signal.throwIfAborted();
      const { url, headers: own, tls } = await prepare(name, compiled, target.values, signal);
      const wanted = range && { range: `bytes=${range.first}-${range.last ?? ""}` };
      const request = { headers: { ...own, ...wanted }, tls, signal };
      const { statusCode, headers, body } = await ask(url, request, range !== undefined);
      const part = range && partOf(statusCode, headers, range.first);
      if (part === "other" || (part !== undefined && headers["content-encoding"] !== undefined)) {
        // Another part than was asked for, or a part of what was compressed for this answer, is of no use: all of it
        // is.
        dump(body);
        return open(target, signal);
      }
      try {
        checkCoding(name, headers);
      } catch (error) {
        dump(body);
        throw error;
      }
      const type = contentTypeOf(headers);
      const isEmpty = statusCode === 416;
      if (isEmpty) dump(body);
      return {
        kind: "file",
        body: isEmpty ? nothing() : readHttpBody(body, { source: name, idleMs: timeouts.idleMs, signal }),
        mediaType: type.mediaType,
        charset: type.charset ?? charset,
        delimited: statusCode === 204 || isEmpty || isDelimited(headers),
        ...(part && { part }),
      };
    };

    const byPod = [compiled.url, ...Object.values(compiled.headers)].some(({ names }) => names.has("podName"));
    return { byPod, open, close: connections.close };
  },
} satisfies SourceKind<HttpConfig, CompiledHttp>;

function compile(config: HttpConfig, context: CompileContext): CompiledHttp | undefined {
  const { url, headers, token, hosts, charset, tls } = config;
  const { vars, folder, env, clock, attempt } = context;
  if (charset !== undefined) attempt(["charset"], () => checkCharset(charset));
  const address = attempt(["url"], () => compileAddress(url, { vars, ...(hosts !== undefined && { hosts }) }));
  const compiled: Record<string, TextTemplate> = {};
  for (const [name, text] of Object.entries(headers)) {
    const header = attempt(["headers", name], () => {
      const made = compileText(text, "header", { vars, token: true });
      if (made.names.has("token") && token === undefined) {
        throw new Error("the header wants ${{ token }}, but this source has no `token`");
      }
      return made;
    });
    if (header !== undefined) compiled[name] = header;
  }
  const secret = token && attempt(["token"], () => openSecret(token, folder, env, clock));
  const files =
    tls &&
    attempt(["tls"], () => {
      if (!/^https:/i.test(url)) throw new Error("the address of this source begins with http://, so there is no TLS");
      return openTlsFiles(tls, folder, clock);
    });
  return address && { config, url: address, headers: compiled, token: secret, tls: files };
}

function checkCharset(label: string): void {
  try {
    new TextDecoder(label);
  } catch {
    throw new Error(`there is no encoding "${label}". Names are those of https://encoding.spec.whatwg.org`);
  }
}

/** Renders address and headers for one target, and reads what secrets they need. */
async function prepare(
  name: string,
  { url, headers, token, tls }: CompiledHttp,
  values: TemplateValues,
  signal: AbortSignal,
): Promise<{ url: URL; headers: Record<string, string | Secret>; tls: TlsSettings | undefined }> {
  const secret = await abortable(read(name, "token", token), signal);
  const settings = await abortable(read(name, "certificates", tls), signal);
  return rendered(name, () => {
    const sent: Record<string, string | Secret> = { "accept-encoding": "identity", "user-agent": "taffrail" };
    for (const [header, template] of Object.entries(headers)) {
      sent[header.toLowerCase()] = new Secret(template.render(values, secret));
    }
    return { url: url.render(values), headers: sent, tls: settings };
  });
}

async function read<T>(name: string, what: string, reader: (() => Promise<T>) | undefined): Promise<T | undefined> {
  try {
    return await reader?.();
  } catch (cause) {
    throw new SourceError(name, "refused", `was not asked: its ${what} could not be read`, { cause });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Lets go of a body that nobody is shown. */
function dump(body: Dispatcher.ResponseData["body"]): void {
  body.dump({ limit: DUMP_BYTES, signal: AbortSignal.timeout(DUMP_MS) }).catch(() => {});
}

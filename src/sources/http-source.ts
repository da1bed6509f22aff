import type { Dispatcher } from "undici";
import type { Egress, TlsSettings } from "../egress/egress.ts";
import { orAborted } from "../or-aborted.ts";
import { Secret } from "../secret.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import type { TemplateValues } from "../template/values.ts";
import { checkCoding, checkStatus, contentTypeOf, isDelimited, partOf, redirectOf } from "./http-answer.ts";
import { readHttpBody } from "./http-body.ts";
import { createHttpConnections } from "./http-connections.ts";
import { type HttpTimeouts, requestFailure } from "./http-failure.ts";
import { createMatch, type MatchPatterns } from "./match.ts";
import type { Capabilities, LogSource, LogTarget, OpenedFile, OpenOptions } from "./source.ts";
import { SourceError } from "./source-error.ts";

export interface HttpSourceOptions {
  readonly name: string;
  /** The way to the store. */
  readonly egress: Egress;
  /** The compiled address of the log. Where it has no `origin`, values make the host, and it may not lead inside. */
  readonly url: { readonly origin: string | undefined; render(values: TemplateValues): URL };
  /** Compiled header values by name. They replace what is sent otherwise: `accept-encoding: identity` and `user-agent: taffrail`. */
  readonly headers?: Readonly<Record<string, { render(values: TemplateValues, token?: Secret): string }>>;
  /** Asked on each request for what `token` stands for in a header. */
  readonly token?: () => Promise<Secret | undefined>;
  /** Asked on each request for how the store proves itself, and how we do. Gives the same object until that changes. Default: as public sites do. */
  readonly tls?: () => Promise<TlsSettings>;
  /** Default: all runs. */
  readonly match?: MatchPatterns;
  /** The charset of logs of which the store does not say one. */
  readonly charset?: string;
  /** Statuses that mean "no such log". Default: 404, 410. */
  readonly notFoundStatuses?: readonly number[];
  readonly timeouts?: Partial<HttpTimeouts>;
  /** For how long after a job's end its log may still grow, in milliseconds. Default: 30,000. */
  readonly settleMs?: number;
}

/** A {@link LogSource} with connections of its own. */
export interface HttpSource extends LogSource {
  open(target: LogTarget, signal: AbortSignal, options?: OpenOptions): Promise<OpenedFile>;
  /** Closes the connections once the logs that are being read have ended or were left. Nothing can be opened after. May be called again. */
  close(): Promise<void>;
}

const CAPABILITIES: Capabilities = { live: false, ranges: true, tellsTimes: false, since: false, tail: false };
const TIMEOUTS: HttpTimeouts = { connectMs: 5_000, headersMs: 30_000, idleMs: 60_000 };
const NOT_FOUND_STATUSES = [404, 410];
const SETTLE_MS = 30_000;
const MAX_REDIRECTS = 5;
/** How much of an answer that is no log is read, and for how long, so that its connection can serve again. */
const DUMP_BYTES = 16 * 1024;
const DUMP_MS = 1_000;

/** A store that keeps each log as one file behind an HTTP address. */
export function createHttpSource(options: HttpSourceOptions): HttpSource {
  const { name, charset, notFoundStatuses = NOT_FOUND_STATUSES } = options;
  const timeouts: HttpTimeouts = { ...TIMEOUTS, ...options.timeouts };
  const connections = createHttpConnections({ egress: options.egress, origin: options.url.origin, timeouts });

  const open = async (target: LogTarget, signal: AbortSignal, { range }: OpenOptions = {}): Promise<OpenedFile> => {
    signal.throwIfAborted();
    const { headers: rendered, tls, ...first } = await prepare(options, target.values, signal);
    const headers = range === undefined ? rendered : { ...rendered, range: `bytes=${range.first}-${range.last ?? ""}` };
    let { url } = first;
    for (let hops = 0; ; hops += 1) {
      const answer = await connections.get(url, { headers, tls, signal }).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw requestFailure(name, cause, timeouts);
      });
      try {
        const next = redirectOf(name, url, answer.statusCode, answer.headers);
        if (next === undefined) {
          checkStatus(name, answer.statusCode, notFoundStatuses, range !== undefined);
          const part = range && partOf(answer.statusCode, answer.headers, range.first);
          const isCoded = part !== undefined && answer.headers["content-encoding"] !== undefined;
          if (isCoded || part === "other") {
            // A part of what was compressed on the way is a part of nothing, and another one than was asked for is of no use: all of it is.
            dump(answer.body);
            return open(target, signal);
          }
          checkCoding(name, answer.headers);
          const type = contentTypeOf(answer.headers);
          const isEmpty = answer.statusCode === 416;
          if (isEmpty) dump(answer.body);
          return {
            kind: "file",
            body: isEmpty ? nothing() : readHttpBody(answer.body, { source: name, idleMs: timeouts.idleMs, signal }),
            mediaType: type.mediaType,
            charset: type.charset ?? charset,
            delimited: answer.statusCode === 204 || isEmpty || isDelimited(answer.headers),
            ...(part && { part }),
          };
        }
        if (hops === MAX_REDIRECTS) {
          throw new SourceError(name, "refused", "answered with one redirect after another", {
            httpStatus: answer.statusCode,
          });
        }
        url = next;
        dump(answer.body);
      } catch (error) {
        dump(answer.body);
        throw error;
      }
    }
  };

  return {
    name,
    capabilities: CAPABILITIES,
    settleMs: options.settleMs ?? SETTLE_MS,
    matches: createMatch(options.match ?? {}),
    open,
    close: connections.close,
  };
}

/** Renders address and headers for one target, and reads what secrets they need. */
async function prepare(
  { name, url, headers = {}, token, tls }: HttpSourceOptions,
  values: TemplateValues,
  signal: AbortSignal,
): Promise<{ url: URL; headers: Record<string, string | Secret>; tls: TlsSettings | undefined }> {
  const secret = await orAborted(read(name, "token", token), signal);
  const settings = await orAborted(read(name, "certificates", tls), signal);
  try {
    const rendered: Record<string, string | Secret> = { "accept-encoding": "identity", "user-agent": "taffrail" };
    for (const [header, template] of Object.entries(headers)) {
      rendered[header.toLowerCase()] = new Secret(template.render(values, secret));
    }
    return { url: url.render(values), headers: rendered, tls: settings };
  } catch (error) {
    if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
    const outcome = error instanceof MissingValue ? "variable-missing" : "value-refused";
    const why = error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, "");
    throw new SourceError(name, outcome, `was not asked: ${why}`, { cause: error });
  }
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

import { abortable } from "../abort.ts";
import type { Clock } from "../clock.ts";
import { openTlsFiles } from "../config-values/tls-files.ts";
import { declaredCharset } from "../stream/encoding.ts";
import { compileKeyPattern, compileKeyPrefix, type KeyPatternTemplate } from "../template/key-pattern.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import { decodeLog } from "./decoders/decode-log.ts";
import { createRecordFilter } from "./decoders/record-filter.ts";
import { credentialsOfBucket, hostsOfBucket } from "./hosts-of.ts";
import { contentTypeOf, partOf } from "./http-answer.ts";
import { readHttpBody } from "./http-body.ts";
import { openSetting, timeoutsOf } from "./http-settings.ts";
import { lookupsOf } from "./lookups.ts";
import { type CompiledConnection, openBucket, type S3Object } from "./s3-client.ts";
import { isThrottling, s3Failure } from "./s3-failure.ts";
import { openPartsLog } from "./s3-parts-log.ts";
import { S3, type S3Config, type S3Connection } from "./s3-settings.ts";
import type { LogTarget, OpenedFile, OpenedLog, OpenOptions } from "./source.ts";
import { rendered } from "./source-error.ts";
import type { CompileContext, SourceDeps, SourceKind } from "./source-kind.ts";

/** How long to wait before a request is repeated that the store asks to slow down for. */
const BACKOFF_MS = [250, 1_000, 4_000];

/** A bucket whose templates and secrets are known to be good. */
export interface CompiledS3 {
  readonly config: S3Config;
  readonly connection: CompiledConnection;
  /** The key of one object, or the keys of all parts. */
  readonly key: TextTemplate | undefined;
  readonly parts: KeyPatternTemplate | undefined;
  readonly clock: Clock;
}

/** Objects in a bucket of S3, or of a store that speaks its protocol. */
export const s3 = {
  kind: "s3",
  schema: S3,
  capabilities: { live: false, ranges: true, tellsTimes: false, since: false, tail: false },
  hosts: hostsOfBucket,
  ambientCredentials: credentialsOfBucket,
  compile,
  lookups: ({ key, parts }) => lookupsOf([key ?? parts ?? { names: new Set<string>() }]),
  create(compiled, { name, egress, sleep, limits }: Pick<SourceDeps, "name" | "egress" | "sleep" | "limits">) {
    const { config, connection, key, parts } = compiled;
    const timeouts = timeoutsOf(config.timeouts);
    const bucket = openBucket(name, connection, egress);

    /** Asks the store, again if it asks to slow down. */
    const ask = async <T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> => {
      for (let tries = 0; ; tries += 1) {
        try {
          return await abortable(request(), signal);
        } catch (error) {
          signal.throwIfAborted();
          const waitMs = isThrottling(error) ? BACKOFF_MS[tries] : undefined;
          if (waitMs === undefined) throw s3Failure(error, { source: name, timeouts, notFound: config.notFound });
          await sleep(waitMs, signal);
        }
      }
    };
    const bodyOf = ({ body }: S3Object, signal: AbortSignal) =>
      readHttpBody(body, { source: name, idleMs: timeouts.idleMs, signal });

    const openObject = async (
      text: string,
      target: LogTarget,
      signal: AbortSignal,
      range: OpenOptions["range"],
    ): Promise<OpenedLog> => {
      const wanted = range && `bytes=${range.first}-${range.last ?? ""}`;
      const object = await ask(() => bucket.get(text, wanted, signal), signal).catch((error: unknown) => {
        if (range === undefined || (error as { httpStatus?: unknown }).httpStatus !== 416) throw error;
        return undefined;
      });
      // Nothing lies behind the end.
      if (object === undefined) return { ...EMPTY, part: { first: range?.first ?? 0, total: undefined } };
      const { mediaType, charset } = contentTypeOf({ "content-type": object.contentType });
      const part =
        range && object.contentRange !== undefined
          ? partOf(206, { "content-range": object.contentRange }, range.first)
          : undefined;
      if (part === "other") {
        object.body.destroy();
        return openObject(text, target, signal, undefined);
      }
      const file: OpenedFile = {
        kind: "file",
        body: bodyOf(object, signal),
        mediaType,
        charset: declaredCharset(config.charset, charset),
        delimited: object.delimited,
        ...(part && { part }),
      };
      const filter = createRecordFilter(target, false);
      const decoded = await decodeLog(file, { decode: config.decode, filter, limits: limits.decompress, signal });
      return decoded ?? openObject(text, target, signal, undefined);
    };

    return {
      async open(target, signal, { range } = {}): Promise<OpenedLog> {
        signal.throwIfAborted();
        if (key !== undefined)
          return openObject(
            rendered(name, () => key.render(target.values)),
            target,
            signal,
            range,
          );
        const pattern = rendered(name, () => parts?.render(target.values));
        if (pattern === undefined) throw new Error("A bucket has either a key or several.");
        return openPartsLog(pattern, target, {
          source: name,
          names: parts?.names ?? new Set(),
          decode: config.decode,
          uploadLagMs: config.uploadLag,
          limits,
          list: (prefix, from) => ask(() => bucket.list(prefix, from, signal), signal),
          open: async (each) => bodyOf(await ask(() => bucket.get(each, undefined, signal), signal), signal),
        });
      },
      close: bucket.close,
    };
  },
} satisfies SourceKind<S3Config, CompiledS3>;

const EMPTY: OpenedFile = {
  kind: "file",
  body: nothing(),
  mediaType: undefined,
  charset: undefined,
  delimited: true,
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

function compile(config: S3Config, context: CompileContext): CompiledS3 | undefined {
  const { vars, clock, attempt } = context;
  const { key, prefix, keys } = config;
  const connection = compileConnection(config, context);
  const one = key === undefined ? undefined : attempt(["key"], () => compileText(key, "s3-key", { vars }));
  const several =
    prefix === undefined
      ? keys === undefined
        ? undefined
        : attempt(["keys"], () => compileKeyPattern(keys, { vars }))
      : attempt(["prefix"], () => compileKeyPrefix(prefix, { vars }));
  return one === undefined && several === undefined
    ? undefined
    : { config, connection, key: one, parts: several, clock };
}

/** Opens the secrets and certificates of a bucket. */
export function compileConnection(config: S3Connection, context: CompileContext): CompiledConnection {
  const { folder, clock, attempt } = context;
  const { tls, endpoint = "https://" } = config;
  const id = openSetting("accessKeyId", config.accessKeyId, context);
  const secret = openSetting("secretAccessKey", config.secretAccessKey, context);
  const token = openSetting("sessionToken", config.sessionToken, context);
  return {
    config,
    keys: id && secret && { id, secret, token },
    sseKey: openSetting("sseCustomerKey", config.sseCustomerKey, context),
    tls:
      tls &&
      attempt(["tls"], () => {
        if (!/^https:/i.test(endpoint)) throw new Error("the endpoint begins with http://, so there is no TLS");
        return openTlsFiles(tls, folder, clock);
      }),
  };
}

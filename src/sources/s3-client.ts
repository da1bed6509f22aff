import type { Readable } from "node:stream";
import type { GetObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import type { SecretReader } from "../config-values/secret-reader.ts";
import type { TlsReader } from "../config-values/tls-files.ts";
import type { Egress } from "../egress/egress.ts";
import { createHttpConnections } from "../egress/http-connections.ts";
import { readSetting, timeoutsOf } from "./http-settings.ts";
import { createCredentials } from "./s3-credentials.ts";
import { createSdkHandler, DELIMITED_HEADER } from "./s3-handler.ts";
import type { S3Connection } from "./s3-settings.ts";

/** Where a bucket is, with secrets and certificates that are known to be good. */
export interface CompiledConnection {
  readonly config: S3Connection;
  readonly keys: Parameters<typeof createCredentials>[0]["keys"];
  readonly sseKey: SecretReader | undefined;
  readonly tls: TlsReader | undefined;
}

/** The answer to a request for an object. */
export interface S3Object {
  readonly body: Readable;
  readonly contentType: string | undefined;
  /** Its `Content-Range`, if a part was requested and the store supports that. */
  readonly contentRange: string | undefined;
  /** Whether the end of the body proves that the store sent all of it. */
  readonly delimited: boolean;
}

/** An object in a listing. */
export interface ListedObject {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** A bucket. Its requests throw what the SDK and the connections throw: see `s3-failure.ts`. */
export interface Bucket {
  /** @param range a value of the header `Range`. */
  get(key: string, range: string | undefined, signal: AbortSignal): Promise<S3Object>;
  /** Lists the objects with a prefix, page by page, in the order of their keys. */
  list(prefix: string, from: string | undefined, signal: AbortSignal): Promise<ListedPage>;
  /** Makes an address by which anybody can read an object for so many seconds. Nothing is sent. */
  presign(key: string, seconds: number): Promise<string>;
  close(): Promise<void>;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** Where the next page begins. `undefined`: this is the last one. */
  readonly next: string | undefined;
}

/** Opens a bucket. The SDK is loaded with the first request. */
export function openBucket(source: string, compiled: CompiledConnection, egress: Egress): Bucket {
  const { config, keys, sseKey, tls } = compiled;
  const { bucket, region, endpoint, pathStyle, instanceMetadata, requesterPays } = config;
  const timeouts = timeoutsOf(config.timeouts);
  const connections = createHttpConnections({ egress, origin: undefined, written: true, timeouts });
  const handler = createSdkHandler({ source, connections, tls, timeouts });
  let loaded: Promise<{ readonly sdk: typeof import("./s3-sdk.ts"); readonly client: S3Client }> | undefined;

  const load = async () => {
    const sdk = await import("./s3-sdk.ts");
    const client = new sdk.S3Client({
      region,
      ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
      forcePathStyle: pathStyle,
      credentials: createCredentials({ keys, region, instanceMetadata, handler }),
      requestHandler: handler as object,
      // A retry is decided here, and a redirect to another region is for the operator.
      maxAttempts: 1,
      followRegionRedirects: false,
      // A part of an object has no checksum of its own, and many stores know none at all.
      responseChecksumValidation: "WHEN_REQUIRED",
      requestChecksumCalculation: "WHEN_REQUIRED",
    });
    return { sdk, client };
  };
  const open = () => {
    loaded ??= load();
    return loaded;
  };

  const paid = requesterPays ? ({ RequestPayer: "requester" } as const) : {};
  const inputFor = async (key: string, signal: AbortSignal): Promise<GetObjectCommandInput> => {
    const secret = await readSetting(source, "key of encrypted objects", sseKey, signal);
    const encrypted = secret && { SSECustomerAlgorithm: "AES256", SSECustomerKey: secret.reveal() };
    return { Bucket: bucket, Key: key, ...paid, ...encrypted };
  };

  return {
    async get(key, range, signal) {
      const { sdk, client } = await open();
      const input = { ...(await inputFor(key, signal)), ...(range !== undefined && { Range: range }) };
      const command = new sdk.GetObjectCommand(input);
      let delimited = false;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const { headers } = result.response as { headers: Readonly<Record<string, string>> };
          delimited = headers[DELIMITED_HEADER] === "true";
          return result;
        },
        { step: "deserialize", priority: "low" },
      );
      const answer = await client.send(command, { abortSignal: signal });
      return {
        body: answer.Body as unknown as Readable,
        contentType: answer.ContentType,
        contentRange: answer.ContentRange,
        delimited,
      };
    },
    async list(prefix, from, signal) {
      const { sdk, client } = await open();
      const command = new sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        // Keys may have characters that XML does not allow.
        EncodingType: "url",
        ...(from !== undefined && { ContinuationToken: from }),
        ...paid,
      });
      const page = await client.send(command, { abortSignal: signal });
      const isEncoded = page.EncodingType === "url";
      const objects = (page.Contents ?? []).flatMap(({ Key, LastModified }): ListedObject[] => {
        if (Key === undefined) return [];
        return [{ key: isEncoded ? decodeKey(Key) : Key, modified: LastModified?.getTime() ?? Number.NaN }];
      });
      return { objects, next: page.IsTruncated === true ? page.NextContinuationToken : undefined };
    },
    async presign(key, seconds) {
      const { sdk, client } = await open();
      const input = { Bucket: bucket, Key: key, ...paid };
      return sdk.getSignedUrl(client, new sdk.GetObjectCommand(input), { expiresIn: seconds });
    },
    close: () => connections.close(),
  };
}

/** As forms are encoded: a plus is a space. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

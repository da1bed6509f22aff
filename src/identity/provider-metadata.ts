import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import * as z from "zod";
import type { TlsReader } from "../config-values/tls-files.ts";
import type { Egress } from "../egress/egress.ts";
import { createHttpConnections, type HttpConnections, type HttpRequest } from "../egress/http-connections.ts";
import { quoted } from "../quoted.ts";
import { ProviderFault, requestFault } from "./provider-fault.ts";

/** A public key of a provider: a JWK (RFC 7517). */
export type PublicKey = Readonly<Record<string, unknown>> & { readonly kty: string };

/** Reads what a provider publishes. */
export interface ProviderMetadata {
  /**
   * Reads the provider's discovery document, and the keys that it leads to.
   *
   * @throws ProviderFault
   */
  readKeys(): Promise<readonly PublicKey[]>;
  /**
   * Reads the provider's discovery document: all of it, checked as far as `readKeys` needs it.
   *
   * @throws ProviderFault
   */
  readDiscovery(): Promise<DiscoveryDocument>;
  /**
   * Asks one of the provider's endpoints, by the rules for its keys. The answer is read to its end.
   *
   * @throws ProviderFault
   */
  fetch(address: string, request: ProviderRequest): Promise<Response>;
  close(): Promise<void>;
}

/** A discovery document (OpenID Connect Discovery 1.0 §3). */
export type DiscoveryDocument = z.infer<typeof Discovery>;

export interface ProviderRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface ProviderMetadataOptions {
  readonly issuer: string;
  readonly egress: Egress;
  readonly tls: TlsReader | undefined;
}

const TIMEOUTS = { connectMs: 5_000, headersMs: 5_000, idleMs: 5_000 };
/** For a whole document. */
const WHOLE_MS = 10_000;
/** Real documents are a few KB. */
const DOCUMENT_BYTES = 1024 * 1024;
/** A token without a key id is tried with each. */
const MAX_KEYS = 100;

const Discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });
const Keys = z.object({ keys: z.array(z.unknown()) });
/** Public keys only: a symmetric key that is published is no secret. */
const Key = z.looseObject({ kty: z.enum(["RSA", "EC", "OKP"]), d: z.undefined().optional() });

/**
 * Reads OpenID Connect Discovery 1.0 through the guard of outgoing connections. Redirects are not followed.
 *
 * The operator names the issuer, so it may have a private address. The provider names where its keys are: that may be
 * another host, but then with a public address.
 */
export function createProviderMetadata({ issuer, egress, tls }: ProviderMetadataOptions): ProviderMetadata {
  const { origin, protocol } = new URL(issuer);
  const own = createHttpConnections({ egress, origin, timeouts: TIMEOUTS });
  const elsewhere = createHttpConnections({ egress, origin: undefined, timeouts: TIMEOUTS });

  const connectionsFor = (url: URL, fault: string): HttpConnections => {
    if (url.origin === origin) return own;
    if (url.protocol === "https:" && protocol === "https:") return elsewhere;
    throw new ProviderFault(fault);
  };

  const ask = async <T>(
    connections: HttpConnections,
    url: URL,
    request: Omit<HttpRequest, "tls" | "signal">,
    use: (answer: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> => {
    const signal = AbortSignal.timeout(WHOLE_MS);
    try {
      return await use(await connections.get(url, { ...request, tls: await tls?.(), signal }));
    } catch (error) {
      throw requestFault(error);
    }
  };

  const read = <T>(connections: HttpConnections, url: URL, shape: z.ZodType<T>, what: string): Promise<T> =>
    ask(connections, url, { headers: { accept: "application/json" } }, async ({ statusCode, body }) =>
      parse(shape, await readText(body, () => checkStatus(statusCode)), what),
    );

  const readDiscovery = async (): Promise<DiscoveryDocument> => {
    const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const found = await read(own, url, Discovery, "discovery document");
    if (found.issuer !== issuer) {
      const names = new Error(`The document says ${quoted(found.issuer)}, and the configuration ${quoted(issuer)}.`);
      throw new ProviderFault("names another issuer in its discovery document", names, true);
    }
    return found;
  };

  return {
    readDiscovery,
    async readKeys() {
      const url = new URL((await readDiscovery()).jwks_uri);
      const { keys } = await read(
        connectionsFor(url, "publishes its keys at an address without TLS"),
        url,
        Keys,
        "key set",
      );
      const usable = keys.flatMap((each) => Key.safeParse(each).data ?? []).slice(0, MAX_KEYS);
      if (usable.length === 0) throw new ProviderFault("publishes no keys", undefined, true);
      return usable;
    },
    async fetch(address, request) {
      const url = new URL(address);
      return ask(
        connectionsFor(url, "has an endpoint without TLS"),
        url,
        request,
        async ({ statusCode: status, headers, body }) => {
          const text = await readText(body, () => checkNoRedirect(status));
          const type = String(headers["content-type"] ?? "");
          return new Response(text === "" ? null : text, {
            status,
            ...(type && { headers: { "content-type": type } }),
          });
        },
      );
    },
    async close() {
      await Promise.all([own.close(), elsewhere.close()]);
    },
  };
}

function checkNoRedirect(status: number): void {
  if (status >= 300 && status < 400) throw new ProviderFault("redirects, which is not followed", undefined, true);
}

function checkStatus(status: number): void {
  checkNoRedirect(status);
  if (status !== 200) throw new ProviderFault(`responded with status ${status}`);
}

async function readText(body: Readable, check: () => void): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    check();
    for await (const part of body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > DOCUMENT_BYTES) throw new ProviderFault("sent a document that is too large");
      parts.push(part);
    }
  } catch (error) {
    // What is left unread fails with an abort, which nobody else listens for.
    body.on("error", () => undefined).destroy();
    throw error;
  }
  return Buffer.concat(parts).toString("utf8");
}

function parse<T>(shape: z.ZodType<T>, text: string, what: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProviderFault(`sent a ${what} that cannot be parsed`, cause);
  }
}

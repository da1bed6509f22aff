import type { Readable } from "node:stream";
import * as z from "zod";
import type { TlsReader } from "../config-values/tls-files.ts";
import type { Egress } from "../egress/egress.ts";
import { createHttpConnections, type HttpConnections } from "../egress/http-connections.ts";
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
  close(): Promise<void>;
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

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
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

  const read = async <T>(connections: HttpConnections, url: URL, shape: z.ZodType<T>, what: string): Promise<T> => {
    const signal = AbortSignal.timeout(WHOLE_MS);
    try {
      const headers = { accept: "application/json" };
      const answer = await connections.get(url, { headers, tls: await tls?.(), signal });
      const text = await readText(answer.body, () => checkStatus(answer.statusCode));
      return parse(shape, text, what);
    } catch (error) {
      throw requestFault(error);
    }
  };

  return {
    async readKeys() {
      const discovery = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
      const found = await read(own, discovery, Discovery, "discovery document");
      if (found.issuer !== issuer) throw new ProviderFault("names another issuer in its discovery document");
      const url = new URL(found.jwks_uri);
      if (url.origin !== origin && (url.protocol !== "https:" || protocol !== "https:")) {
        throw new ProviderFault("publishes its keys at an address without TLS");
      }
      const { keys } = await read(url.origin === origin ? own : elsewhere, url, Keys, "key set");
      const usable = keys.flatMap((each) => Key.safeParse(each).data ?? []).slice(0, MAX_KEYS);
      if (usable.length === 0) throw new ProviderFault("publishes no keys");
      return usable;
    },
    async close() {
      await Promise.all([own.close(), elsewhere.close()]);
    },
  };
}

function checkStatus(status: number): void {
  if (status >= 300 && status < 400) throw new ProviderFault("redirects, which is not followed");
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

import {
  allowInsecureRequests,
  type Configuration,
  type CustomFetch,
  customFetch,
  discovery,
  None,
} from "openid-client";
import { systemTimer } from "../../client/sleep.ts";
import { isLoopbackHost } from "../../loopback-host.ts";
import { CliError, EXIT } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { otherIssuer, PROVIDER_MS, providerError } from "./provider-error.ts";

/** How to sign in, as the server says. */
export interface ProviderRef {
  readonly name: string;
  readonly issuer: string;
  readonly cliClientId: string;
  readonly scopes: readonly string[];
}

/** A provider that can be asked. */
export interface ProviderClient {
  readonly config: Configuration;
  /**
   * Runs a request to the provider.
   *
   * @throws CliError if it fails; the reason of the signal if the user interrupts.
   */
  run<T>(request: (config: Configuration) => Promise<T>): Promise<T>;
}

const BODY_BYTES = 1024 * 1024;

/**
 * Discovers a provider. Each of its responses must arrive within {@link PROVIDER_MS}.
 *
 * @param signal ends requests that are under way.
 * @throws CliError if the provider cannot be reached, or is not the one that the server names.
 */
export async function openProvider(
  { name, issuer, cliClientId: clientId }: Pick<ProviderRef, "name" | "issuer" | "cliClientId">,
  { timer = systemTimer }: Pick<CliIo, "timer">,
  signal: AbortSignal,
): Promise<ProviderClient> {
  const url = URL.parse(issuer);
  const isLocal = url?.protocol === "http:" && isLoopbackHost(url.hostname);
  if (url === null || (url.protocol !== "https:" && !isLocal)) {
    throw new CliError(EXIT.other, "the server names an identity provider that is not an https address", [
      "try     ask the server's operator to correct its identity provider",
    ]);
  }
  const timed: CustomFetch = async (input, { method, headers, body, redirect }) => {
    const late = new AbortController();
    const cancel = timer(PROVIDER_MS, () => late.abort(new DOMException("", "TimeoutError")));
    try {
      const ends = AbortSignal.any([late.signal, signal]);
      const response = await fetch(input, {
        method,
        headers,
        body: (body ?? null) as BodyInit,
        redirect,
        signal: ends,
      });
      // The body counts as well: a response that trickles in must not hold the terminal.
      return new Response(await readBody(response), response);
    } finally {
      cancel();
    }
  };
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw providerError(error, name, { clientId });
    }
  };
  const config = await attempt(() =>
    discovery(url, clientId, undefined, None(), {
      [customFetch]: timed,
      ...(isLocal && { execute: [allowInsecureRequests] }),
    }),
  );
  // The library takes addresses with and without a slash at the end for the same; issuers of tokens are not.
  if (config.serverMetadata().issuer !== issuer) throw otherIssuer(name, config.serverMetadata().issuer, issuer);
  return { config, run: (request) => attempt(() => request(config)) };
}

/** Returns `null` for responses without a body, such as 204. */
async function readBody({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > BODY_BYTES) throw new Error("The response is too large.");
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The scopes to ask for: those of the server, and that of refresh tokens if the provider has it. */
export function scopeOf(config: Configuration, scopes: readonly string[]): string {
  const known = config.serverMetadata().scopes_supported ?? [];
  return [...new Set([...scopes, ...(known.includes("offline_access") ? ["offline_access"] : [])])].join(" ");
}

import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

/** Creates a transport for the Connect protocol over `fetch`, which both browsers and Node support. */
export function createFetchTransport(options: {
  /** The server's address, with its base path if it has one. */
  readonly baseUrl: string;
  readonly interceptors: Interceptor[];
}): Transport {
  return createConnectTransport({ ...options, useBinaryFormat: true, fetch: fetchOrUnavailable });
}

/** Sends a bearer token. @param token the token, or a function that returns it, called for each call. */
export function bearer(token: string | (() => string | Promise<string>) | undefined): Interceptor {
  return (next) => async (request) => {
    const value = typeof token === "function" ? await token() : token;
    if (value !== undefined) request.header.set("authorization", `Bearer ${value}`);
    return next(request);
  };
}

/**
 * `fetch` that fails with Unavailable if the server cannot be reached. `fetch` itself throws a TypeError, with another
 * text in every browser (https://fetch.spec.whatwg.org/#fetch-method), which Connect reports as Unknown.
 */
async function fetchOrUnavailable(...request: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(...request);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConnectError("The server cannot be reached.", Code.Unavailable, undefined, undefined, error);
  }
}

import { Code, ConnectError } from "@connectrpc/connect";

/**
 * `fetch` that says Unavailable where there is no way to the server. `fetch` itself throws a TypeError then, with another text in every browser
 * (https://fetch.spec.whatwg.org/#fetch-method), which Connect takes for a failure that nobody knows.
 */
export async function reachingFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(...request);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConnectError("The server cannot be reached.", Code.Unavailable, undefined, undefined, error);
  }
}

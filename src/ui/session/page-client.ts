import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createTaffrailClient, type TaffrailClient } from "../../client/client.ts";
import { createFetchTransport } from "../../client/transport.ts";
import { BASE_PATH } from "../routing/base-path.ts";
import { countSignIns, signedIn } from "./session.ts";

/** Repeats unauthenticated calls after the next sign-in. Streams resume by themselves. */
const retryAfterSignIn: Interceptor = (next) => async (request) => {
  for (;;) {
    const signIns = countSignIns();
    try {
      return await next(request);
    } catch (error) {
      if (request.stream || ConnectError.from(error).code !== Code.Unauthenticated) throw error;
      await signedIn(request.signal, signIns);
    }
  }
};

const baseUrl = location.origin + BASE_PATH;

/** The page's client. The session's cookie says who calls. */
export const client: TaffrailClient = createTaffrailClient({
  baseUrl,
  transport: createFetchTransport({ baseUrl, interceptors: [retryAfterSignIn] }),
  signedOut: (signal) => signedIn(signal),
});

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { createTaffrailClient, type TaffrailClient } from "../../client/client.ts";
import { reachingFetch } from "../../client/reaching-fetch.ts";
import { BASE_PATH } from "../place/base-path.ts";
import { countSignIns, signedIn } from "./session.ts";

/** Asks again, once somebody has signed in, what was refused since nobody was. Logs go on by themselves. */
const asksAgain: Interceptor = (next) => async (request) => {
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

/** The client of the page: whom it calls as, the session's cookie says. */
export const client: TaffrailClient = createTaffrailClient({
  baseUrl: location.origin + BASE_PATH,
  transport: createConnectTransport({
    baseUrl: location.origin + BASE_PATH,
    useBinaryFormat: true,
    interceptors: [asksAgain],
    fetch: reachingFetch,
  }),
  signedOut: (signal) => signedIn(signal),
});

import type { Caller } from "../identity/caller.ts";
import type { Services } from "../rpc/services.ts";
import { callerOfRequest } from "../session/credentials.ts";
import { clientNetwork } from "./client-network.ts";
import { headersOf, hostOf, type NodeRequest, type NodeResponse } from "./node-http.ts";
import { requestUsesTls } from "./public-url.ts";

/**
 * Authenticates a request. The response clears a session that is no longer valid.
 *
 * @param ownPagesOnly whether sessions are accepted only from pages of this server. False for targets of links.
 * @throws Failure TOKEN_MISSING, TOKEN_REFUSED or ORIGIN_REFUSED.
 */
export function authenticateRequest(
  { authenticator, sessions, config }: Pick<Services, "authenticator" | "sessions" | "config">,
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
  ownPagesOnly = false,
): Promise<Caller> {
  const setCookies = (cookies: readonly string[]): void => {
    response.setHeader("set-cookie", cookies);
  };
  const usesTls = requestUsesTls(request, config);
  const network = clientNetwork(request);
  const credentials = { headers: headersOf(request), usesTls, network, host: hostOf(request), ownPagesOnly };
  return callerOfRequest(credentials, { authenticator, sessions, setCookies, signal });
}

import type { Caller } from "../identity/caller.ts";
import type { Services } from "../rpc/services.ts";
import { callerOfRequest } from "../session/credentials.ts";
import { headersOf, hostOf, type NodeRequest, type NodeResponse } from "./node-http.ts";

/**
 * Tells who sends a request that only reads, and that a link may lead to. A session that is of no use any more is
 * cleared by the answer.
 *
 * @throws Failure TOKEN_MISSING or TOKEN_REFUSED.
 */
export function authenticateRequest(
  { authenticator, sessions }: Pick<Services, "authenticator" | "sessions">,
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
): Promise<Caller> {
  const setCookies = (cookies: readonly string[]): void => {
    response.setHeader("set-cookie", cookies);
  };
  const credentials = { headers: headersOf(request), host: hostOf(request), ownPagesOnly: false };
  return callerOfRequest(credentials, { authenticator, sessions, setCookies, signal });
}

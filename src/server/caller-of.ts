import type { Caller } from "../identity/caller.ts";
import type { Services } from "../rpc/services.ts";
import { callerOfRequest } from "../session/credentials.ts";
import { headersOf, hostOf, type NodeRequest, type NodeResponse } from "./node-http.ts";

/**
 * Authenticates a request that only reads, and that may come from a link. The response clears a session that is no
 * longer valid.
 *
 * @throws Failure TOKEN_MISSING or TOKEN_REFUSED.
 */
export function callerOf(
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

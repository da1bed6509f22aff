import { refreshTokenGrant } from "openid-client";
import type { CliIo } from "../io.ts";
import { openProvider } from "./provider-client.ts";
import { GrantRefusedError } from "./provider-error.ts";
import type { SignInOf } from "./stored-sign-in.ts";
import { readClaims } from "./token-claims.ts";

/** What came of a refresh. `refused`: the refresh token is of no more use, and is left out. */
export interface Refreshed {
  readonly kind: "renewed" | "refused";
  readonly signIn: SignInOf<"oidc">;
}

/**
 * Renews an ID token.
 *
 * @throws CliError if the provider cannot be reached or does not answer; the refresh token may still work.
 */
export async function refreshOidc(
  signIn: SignInOf<"oidc">,
  refreshToken: string,
  io: Pick<CliIo, "timer">,
  signal: AbortSignal,
): Promise<Refreshed> {
  const { refreshToken: _, ...rest } = signIn;
  const { provider: name, issuer, clientId: cliClientId } = signIn;
  const { run } = await openProvider({ name, issuer, cliClientId }, io, signal);
  try {
    const response = await run((config) => refreshTokenGrant(config, refreshToken));
    const { id_token: idToken, refresh_token: next = refreshToken } = response;
    // A provider may leave out the ID token (OpenID Connect Core, 12.2). One of another user is rejected.
    if (idToken === undefined || readClaims(idToken)?.sub !== readClaims(signIn.idToken)?.sub) {
      return { kind: "refused", signIn: rest };
    }
    return { kind: "renewed", signIn: { ...rest, idToken, refreshToken: next } };
  } catch (error) {
    if (error instanceof GrantRefusedError) return { kind: "refused", signIn: rest };
    throw error;
  }
}

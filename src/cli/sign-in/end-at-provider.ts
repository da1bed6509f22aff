import { buildEndSessionUrl, tokenRevocation } from "openid-client";
import { CliError } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { openProvider } from "./provider-client.ts";
import type { SignInOf } from "./stored-sign-in.ts";

/**
 * Revokes the refresh token, if the provider can, and says how to end the session that the browser has there. Faults are
 * notes: the tokens are forgotten already.
 */
export async function endAtProvider(signIn: SignInOf<"oidc">, io: CliIo): Promise<void> {
  const { provider: name, issuer, clientId: cliClientId, refreshToken } = signIn;
  try {
    const { config, run } = await openProvider({ name, issuer, cliClientId }, io, io.signal);
    const { revocation_endpoint: revokes, end_session_endpoint: ends } = config.serverMetadata();
    if (refreshToken !== undefined) {
      if (revokes === undefined)
        io.say(`note: ${name} cannot revoke tokens: the sign-in stays valid there until it expires`);
      else await run(() => tokenRevocation(config, refreshToken, { token_type_hint: "refresh_token" }));
    }
    if (ends !== undefined) {
      // Without the ID token: a link is printed, and stays in the browser's history.
      io.say(`Your browser may still be signed in to ${name}. To sign out there too, open:`);
      io.say(`  ${buildEndSessionUrl(config)}`);
    }
  } catch (error) {
    io.signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    io.say(`note: the sign-in could not be ended at the provider: ${error.message}`);
  }
}
